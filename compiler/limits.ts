/** Limits of one definition. Past one there is a diagnostic, never a crash. */
export const limits = {
  textLength: 200_000,
  depth: 32,
  conditions: 500,
  listLength: 10_000,
  nameLength: 200,
  durationYears: 200,
} as const
