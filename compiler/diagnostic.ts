/** A part of a definition's text: offsets in UTF-16 units, end excluded. */
export type Span = { readonly start: number; readonly end: number }

/** What is wrong (or doubtful) in a definition: a stable code, what was understood, what to do next. */
export type Diagnostic = {
  readonly code: DiagnosticCode
  readonly severity: 'error' | 'warning'
  readonly message: string
  readonly hint?: string | undefined
  /** Where in the text form; absent for the JSON form, which has `path`. */
  readonly span?: Span | undefined
  readonly path?: string | undefined
  /** The last step of the path is a key that can't be there. */
  readonly isKey?: true
  /** The attribute, property or event type that the catalog doesn't know. */
  readonly unknown?: string | undefined
}

/** Every code a definition can earn, and what it means. The docs list the same. */
export const diagnosticCodes = {
  SYNTAX: 'The text form is not understood at this place.',
  SHAPE: 'The JSON form is not understood at this place.',
  TOO_LARGE: 'A written limit is passed: text length, depth, number of conditions or list length.',
  EMPTY: 'There is no condition. `everyone` says that all leads are meant.',
  UNKNOWN_ATTRIBUTE: 'No such attribute is in the catalog.',
  UNKNOWN_EVENT: 'No event of this type has come so far.',
  UNKNOWN_PROPERTY: 'No event of this type had such a property so far.',
  UNKNOWN_SEGMENT: 'No segment has this key.',
  SEGMENT_CYCLE: 'Segments refer to each other in a circle: none of them can be evaluated.',
  SEGMENT_BROKEN: 'A segment that is referred to is broken itself.',
  UNKNOWN_SCORE: 'No such score is defined in scoring.yaml.',
  UNKNOWN_LEVEL: 'The score has no such level.',
  SCORE_BROKEN: 'A rule of the score that is referred to has lost its meaning.',
  TYPE_MISMATCH: 'The value compared with is not of the type that the catalog gives.',
  BAD_TEXT: 'A text holds a character that databases do not keep: U+0000, or half of a pair of UTF-16.',
  BAD_NUMBER: 'A number has more than 22 digits before or 6 after the point.',
  BAD_INSTANT: 'A date or instant is not a day or instant of the calendar.',
  BAD_RULE: 'A rule of scoring.yaml asks for something that a score can not hang on.',
  BAD_ALIAS: 'An alias of events.yaml stands for something that is no event.',
  BAD_LIST: 'A list of event types names an alias that has a filter of its own.',
  NO_CONVERSION: 'No event type is marked as a conversion in events.yaml.',
  BAD_DURATION: 'A duration is longer than 200 years, or does not go together with the other one.',
  BAD_RANGE: 'A range ends before it begins, or reaches further than it may.',
  BAD_SEQUENCE: 'The steps and times of a sequence do not go together.',
  BAD_PATTERN: 'A pattern of `matches` or `like` is not one that every engine understands alike.',
  NEVER: 'This can be true of nobody: it asks for events that lie in the future.',
} as const

export type DiagnosticCode = keyof typeof diagnosticCodes

/** A message as it stands alone. */
export const sentence = (message: string): string => `${message.charAt(0).toUpperCase()}${message.slice(1)}.`

export const isError = (diagnostic: Diagnostic): boolean => diagnostic.severity === 'error'
