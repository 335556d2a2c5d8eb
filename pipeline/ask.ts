import type { Predicate } from '../compiler/index.ts'
import type { CountedPart, PartRow } from './parts.ts'
import type { Question, Tally } from './tally.ts'

/**
 * Collects what a tally shall count. Whoever asks gets a way to read the answer once it is there, so that nobody
 * has to remember positions.
 */
export class Asking {
  readonly predicates: Predicate[] = []
  readonly questions: Question[] = []

  /** The position by which questions name a predicate. */
  add(predicate: Predicate): number {
    return this.predicates.push(predicate) - 1
  }

  ask(question: Question): (tally: Tally) => Tally['answers'][number] {
    const position = this.questions.push(question) - 1
    return (tally) => tally.answers[position]!
  }

  parts(rows: readonly PartRow[]): (tally: Tally) => CountedPart[] {
    const steps: number[] = []
    const asked = rows.map(({ predicate, step, ...row }) => {
      const position = this.add(predicate)
      const alone = this.ask({ all: [position] })
      if (step === undefined)
        return (tally: Tally) => ({ ...row, count: alone(tally).count, remaining: null })
      steps.push(position)
      const together = this.ask({ all: [...steps] })
      return (tally: Tally) => ({ ...row, count: alone(tally).count, remaining: together(tally).count })
    })
    return (tally) => asked.map((read) => read(tally))
  }
}
