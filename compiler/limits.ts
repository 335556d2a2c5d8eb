/** Limits of one definition. Past one there is a diagnostic, never a crash. */
export const limits = {
  textLength: 200_000,
  depth: 32,
  conditions: 500,
  listLength: 10_000,
  nameLength: 200,
  /** Keys of a path into a stored object. */
  pathLength: 10,
  /** A whole number: how often, how many, how long. */
  count: 999_999,
  durationYears: 200,
  /** Comparisons by anniversary: each is a range for every one of a hundred years. */
  anniversaries: 20,
  /** Of a regular expression: its characters, how deep groups stand in each other, how long it is written out. */
  patternLength: 500,
  patternDepth: 10,
  patternSize: 1000,
  patternRepeat: 100,
} as const
