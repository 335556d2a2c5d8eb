import { createHash } from 'node:crypto'
import { type Reader, rows } from '../catalog.ts'
import type { Database, Parameter, Row } from '../engine.ts'
import type { LakeTold } from '../lake/lake.ts'
import { statement } from '../sql.ts'

export type OnStep = (step: string) => void | Promise<void>

export type RunStep = {
  readonly name: string
  readonly rows: number | null
  readonly milliseconds: number
  /** It ended with an error, and the run with it. */
  readonly failed?: true
  /** It had not ended when this was written down: it goes on, or the process was killed in it. */
  readonly unfinished?: true
  /** Of the step that brings the lake up to date. */
  readonly lake?: LakeTold
  /** The statements executed in it, as hashes of their texts; left out where none were watched. */
  readonly statements?: readonly string[]
  /** Those executed after it and before the next step begins. */
  readonly after?: readonly string[]
}

/** What a step has to tell besides its time; by default how many rows it was about. */
type Telling<T> = (result: T) => Pick<RunStep, 'rows' | 'lake'>

/** How a text is kept that names something that is another one each time, such as a folder. */
export type Shown = (text: string) => string

type Going = { readonly name: string; readonly start: number; readonly statements: Set<string> }

/** Names what a run is doing, and keeps rows, time and statements of each step for whoever asks later. */
export class Steps {
  readonly done: RunStep[] = []
  /** Once the ledger has a row for it. */
  runId: string | undefined
  private readonly onStep: OnStep | undefined
  private going: Going | undefined
  private readonly texts = new Map<string, string>()
  private readonly watched = new WeakSet<object>()

  constructor(onStep?: OnStep) {
    this.onStep = onStep
  }

  async begin(name: string): Promise<void> {
    await this.onStep?.(name)
  }

  async step<T>(name: string, work: () => Promise<T>, telling: Telling<T> = rowsOf): Promise<T> {
    await this.begin(name)
    const going = { name, start: performance.now(), statements: new Set<string>() }
    this.going = going
    try {
      const result = await work()
      this.end(going, telling(result))
      return result
    } catch (error) {
      this.end(going, { rows: null, failed: true })
      throw error
    }
  }

  private end(going: Going, how: Pick<RunStep, 'rows' | 'lake' | 'failed'>): void {
    this.going = undefined
    this.done.push(told(going, how))
  }

  /** What is done, and the step that goes on. */
  soFar(): readonly RunStep[] {
    return this.going ? [...this.done, told(this.going, { rows: null, unfinished: true })] : this.done
  }

  /** What was written of the lake; null if no step did. */
  lake(): LakeTold | null {
    return this.done.find((step) => step.lake)?.lake ?? null
  }

  /**
   * The same connection, of Postgres or DuckDB; what is executed through it is kept with the step it belongs to.
   * `shown`: what stays the same of a text, where not all of it does.
   */
  watch<T extends object>(connection: T, shown?: Shown): T {
    if (this.watched.has(connection)) return connection
    const watched = new Proxy(connection, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target)
        if (typeof value !== 'function') return value
        if (!executing.has(name)) return value.bind(target)
        return (...given: unknown[]) => {
          this.note(textOf(given[0]), shown)
          return value.apply(target, given)
        }
      },
    })
    this.watched.add(watched)
    return watched
  }

  /** The same database; what is executed on any of its connections is kept as well. */
  within(database: Database, shown?: Shown): Database {
    const note = (text: string) => this.note(text, shown)
    return {
      ...database,
      query<T extends Row = Row>(text: string, parameters?: readonly Parameter[]) {
        note(text)
        return database.query<T>(text, parameters)
      },
      session: (work) => database.session((client) => work(this.watch(client, shown))),
    }
  }

  /** Keeps a statement with the step that goes on, or after the last one. Values are no part of it. */
  private note(text: string | undefined, shown: Shown = (given) => given): void {
    if (text === undefined || trivial.test(text)) return
    const kept = shown(text)
    const hash = createHash('sha256').update(kept).digest('hex').slice(0, 16)
    this.texts.set(hash, kept)
    if (this.going) this.going.statements.add(hash)
    else this.noteAfter(hash)
  }

  private noteAfter(hash: string): void {
    const last = this.done.pop()
    if (last) this.done.push({ ...last, after: [...new Set(last.after).add(hash)] })
  }

  /** The texts of what was executed, by their hashes. */
  statements(): ReadonlyMap<string, string> {
    return this.texts
  }

  /** Stores the texts that no run before had; mostly none. */
  async keepStatements(reader: Reader): Promise<void> {
    const [unknown, keep] = [statement('runs/unknown_statements'), statement('runs/keep_statements')]
    // They are among what is executed.
    for (const text of [unknown, keep]) this.note(text)
    const missing = await rows<{ hash: string }>(reader, unknown, [[...this.texts.keys()]])
    if (missing.length === 0) return
    const hashes = missing.map(({ hash }) => hash)
    await rows(reader, keep, [hashes, hashes.map((hash) => this.texts.get(hash)!)])
  }
}

function told(
  { name, start, statements }: Going,
  how: Pick<RunStep, 'rows' | 'lake' | 'failed' | 'unfinished'>,
): RunStep {
  const milliseconds = Math.round(performance.now() - start)
  const { rows, ...rest } = how
  return {
    ...{ name, rows, milliseconds, ...rest },
    ...(statements.size > 0 ? { statements: [...statements] } : {}),
  }
}

const rowsOf = (result: unknown): Pick<RunStep, 'rows'> => ({
  rows: typeof result === 'number' ? result : ((result as { rowCount?: number } | null)?.rowCount ?? null),
})

const executing = new Set<string | symbol>(['query', 'run', 'rows'])
/** Says nothing about what a run does. */
const trivial = /^\s*(begin|commit|rollback|savepoint|release|analyze|discard)\b/i

/** Of a statement's text, of an object that has one, or of a COPY stream. */
export function textOf(given: unknown): string | undefined {
  const text = typeof given === 'string' ? given : (given as { text?: unknown } | null)?.text
  return typeof text === 'string' ? text : undefined
}
