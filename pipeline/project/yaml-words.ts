import type { YAMLParseError } from 'yaml'

type Said = { readonly message: string; readonly hint?: string }

const onItsOwn =
  'Let such a text begin on a line of its own, indented, behind a |; or put all of it in quotes.'

const words: Partial<Record<YAMLParseError['code'], Said>> = {
  MULTIPLE_DOCS: {
    message: 'A second document begins here, and a file holds only one.',
    hint: 'Take this line away, or put what follows in a file of its own.',
  },
  DUPLICATE_KEY: { message: 'This key stands here a second time.', hint: 'In one map each key stands once.' },
  TAB_AS_INDENT: { message: 'This line is indented with a tab.', hint: 'YAML is indented with blanks.' },
  BLOCK_AS_IMPLICIT_KEY: { message: 'Here a colon makes a map of what was a text.', hint: onItsOwn },
  MULTILINE_IMPLICIT_KEY: { message: 'What begins here is neither a map nor one text.', hint: onItsOwn },
  BAD_SCALAR_START: {
    message: 'A text that begins with this character means something else in YAML.',
    hint: onItsOwn,
  },
  UNEXPECTED_TOKEN: { message: 'This can not stand behind what stands before it.', hint: onItsOwn },
  MISSING_CHAR: { message: 'A key is expected here, with a colon behind it.', hint: onItsOwn },
  BAD_INDENT: {
    message: 'This line is not indented as those around it.',
    hint: 'What belongs together begins in the same column.',
  },
  BAD_DQ_ESCAPE: {
    message: 'Within double quotes this is an escape that YAML does not know.',
    hint: "In single quotes, or behind a |, a backslash is just that: 'a\\d'.",
  },
}

/** By the beginning of what the reader of YAML says, where its code is not enough to know. */
const closer: readonly (readonly [beginning: string, said: Said])[] = [
  ['Flow ', { message: 'A bracket that begins before this is not closed.' }],
  ['Missing closing ', { message: 'The quote that begins here or before is not closed.' }],
]

/** What is wrong with the YAML of a file, and what to do about it. */
export function inWords({ code, message }: YAMLParseError): Said {
  const [, said] = closer.find(([beginning]) => message.startsWith(beginning)) ?? []
  return said ?? words[code] ?? { message: `${message.split('\n')[0]}.` }
}
