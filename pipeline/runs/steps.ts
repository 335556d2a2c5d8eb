import { createHash } from 'node:crypto'
import { type Reader, rows } from '../catalog.ts'
import { statement } from '../sql.ts'

export type OnStep = (step: string) => void | Promise<void>

export type RunStep = {
  readonly name: string
  readonly rows: number | null
  readonly milliseconds: number
  /** It ended with an error, and the run with it. */
  readonly failed?: true
  /** The statements executed in it, as hashes of their texts; left out where none were watched. */
  readonly statements?: readonly string[]
}

/** Names what a run is doing, and keeps rows, time and statements of each step for whoever asks later. */
export class Steps {
  readonly done: RunStep[] = []
  /** Once the ledger has a row for it. */
  runId: string | undefined
  private readonly onStep: OnStep | undefined
  /** What was executed since the last step ended. */
  private executed = new Set<string>()
  private readonly texts = new Map<string, string>()
  private readonly watched = new WeakSet<object>()

  constructor(onStep?: OnStep) {
    this.onStep = onStep
  }

  async begin(name: string): Promise<void> {
    await this.onStep?.(name)
  }

  async step<T>(name: string, work: () => Promise<T>): Promise<T> {
    await this.begin(name)
    const start = performance.now()
    try {
      const result = await work()
      const rows =
        typeof result === 'number' ? result : ((result as { rowCount?: number } | null)?.rowCount ?? null)
      this.end(name, start, { rows })
      return result
    } catch (error) {
      this.end(name, start, { rows: null, failed: true })
      throw error
    }
  }

  private end(name: string, start: number, how: Pick<RunStep, 'rows' | 'failed'>): void {
    const milliseconds = Math.round(performance.now() - start)
    const statements = [...this.executed]
    this.executed = new Set()
    const { rows, failed } = how
    this.done.push({
      ...{ name, rows, milliseconds },
      ...(failed ? { failed } : {}),
      ...(statements.length > 0 ? { statements } : {}),
    })
  }

  /**
   * The same connection, of Postgres or DuckDB; what is executed through it is kept with the step it belongs to. A
   * folder that is another one each time is left out, so that the text stays the same.
   */
  watch<T extends object>(connection: T, hidden?: string): T {
    if (this.watched.has(connection)) return connection
    const watched = new Proxy(connection, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target)
        if (typeof value !== 'function') return value
        if (!executing.has(name)) return value.bind(target)
        return (...given: unknown[]) => {
          this.note(textOf(given[0], hidden))
          return value.apply(target, given)
        }
      },
    })
    this.watched.add(watched)
    return watched
  }

  /** Keeps a statement with the present step. Values are no part of it: they are parameters. */
  note(text: string | undefined): void {
    if (text === undefined || trivial.test(text)) return
    const hash = createHash('sha256').update(text).digest('hex').slice(0, 16)
    this.executed.add(hash)
    this.texts.set(hash, text)
  }

  /** The texts of what was executed, by their hashes. */
  statements(): ReadonlyMap<string, string> {
    return this.texts
  }

  /** Stores the texts that no run before had; mostly none. */
  async keepStatements(reader: Reader): Promise<void> {
    const hashes = [...this.texts.keys()]
    const unknown = await rows<{ hash: string }>(reader, statement('runs/unknown_statements'), [hashes])
    if (unknown.length === 0) return
    await rows(reader, statement('runs/keep_statements'), [
      unknown.map(({ hash }) => hash),
      unknown.map(({ hash }) => this.texts.get(hash)!),
    ])
  }
}

const executing = new Set<string | symbol>(['query', 'run', 'rows'])
/** Says nothing about what a run does. */
const trivial = /^\s*(begin|commit|rollback|savepoint|release|analyze|discard)\b/i

/** Of a statement's text, of an object that has one, or of a COPY stream. */
export function textOf(given: unknown, hidden?: string): string | undefined {
  const text = typeof given === 'string' ? given : (given as { text?: unknown } | null)?.text
  if (typeof text !== 'string') return undefined
  return hidden ? text.replaceAll(hidden, '…') : text
}
