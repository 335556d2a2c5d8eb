/** Quoted text, to the end of its line if the quote is missing; comments and blanks. Everything else is words. */
const quoted = /"(?:[^"\\\n]|\\.)*"?|'(?:[^'\\\n]|\\.)*'?|`(?:[^`\\\n]|\\.)*`?/.source
const comments = new RegExp(`${quoted}|(#)`, 'g')
const blanks = new RegExp(`(${quoted})|(?:#.*|\\s)+`, 'g')

/** Whether a text form holds a comment: `#` outside of quotes. */
export const hasComment = (text: string): boolean =>
  [...text.matchAll(comments)].some(([, comment]) => comment !== undefined)

/** A text form on one line, with quoted text as it stands; a comment would swallow the rest, and is left out. */
export const onOneLine = (text: string): string =>
  text.replace(blanks, (_, kept: string | undefined) => kept ?? ' ').trim()
