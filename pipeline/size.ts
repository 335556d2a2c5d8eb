/** How large a segment is, in a word. Bounds are shares of all leads: the first that a share is below. */
const bounds = [
  { below: 0.05, word: 'narrow' },
  { below: 0.25, word: 'ideal' },
  { below: 1, word: 'broad' },
] as const

export type SizeWord = 'empty' | (typeof bounds)[number]['word'] | 'everybody'

/** Whether there is a point in acting on so many: `narrow` is a list to call, `broad` says little about anybody. */
export function sizeWord(members: number, leads: number): SizeWord {
  if (members === 0) return 'empty'
  return bounds.find(({ below }) => members < below * leads)?.word ?? 'everybody'
}
