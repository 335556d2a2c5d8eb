import type { Feature, Predicate } from '../../compiler/index.ts'

/** `rows`: the key under which a segment's list and history are stored, where it is another one. */
export type Named = {
  segment(key: string): string
  score(name: string): string
  rows?(key: string): string
}

/**
 * The same meaning, with other names for the segments and scores that it refers to, so that what was and what will be
 * can stand in one statement.
 */
export function setApart(predicate: Predicate, named: Named): Predicate {
  switch (predicate.kind) {
    case 'not':
      return { kind: 'not', of: setApart(predicate.of, named) }
    case 'test':
      return { ...predicate, subject: feature(predicate.subject) }
    default:
      return { kind: predicate.kind, of: predicate.of.map((each) => setApart(each, named)) }
  }

  function rows(key: string): string {
    return named.rows?.(key) ?? key
  }

  function feature(subject: Feature): Feature {
    switch (subject.kind) {
      case 'segment':
        return { ...subject, key: named.segment(subject.key) }
      case 'score':
      case 'score_change':
      case 'score_max':
      case 'level_entered':
        return { ...subject, score: named.score(subject.score) }
      case 'listed':
        return { ...subject, segment: rows(subject.segment) }
      case 'recorded':
      case 'inside': {
        const [segment, as] = [rows(subject.segment), named.segment(subject.segment)]
        return { ...subject, segment, ...(as === segment ? {} : { as }) }
      }
      case 'leads_of_account':
        return { ...subject, that: setApart(subject.that, named) }
      default:
        return subject
    }
  }
}
