import type { Feature, Predicate } from '../../compiler/index.ts'

/**
 * The same meaning, with other names for the segments and scores that it refers to, so that what was and what will be
 * can stand in one statement.
 */
export function setApart(
  predicate: Predicate,
  named: { segment(key: string): string; score(name: string): string },
): Predicate {
  switch (predicate.kind) {
    case 'not':
      return { kind: 'not', of: setApart(predicate.of, named) }
    case 'test':
      return { ...predicate, subject: feature(predicate.subject) }
    default:
      return { kind: predicate.kind, of: predicate.of.map((each) => setApart(each, named)) }
  }

  function feature(subject: Feature): Feature {
    switch (subject.kind) {
      case 'segment':
        return { ...subject, key: named.segment(subject.key) }
      case 'score':
        return { ...subject, score: named.score(subject.score) }
      case 'leads_of_account':
        return { ...subject, that: setApart(subject.that, named) }
      default:
        return subject
    }
  }
}
