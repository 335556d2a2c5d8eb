import { classes, folded, isRange, writeClass } from './character-class.ts'
import { limits } from './limits.ts'

/** What is wrong with a pattern: where (counted in characters from 1), and what to write instead. */
export type PatternProblem = { readonly problem: string; readonly at: number; readonly hint?: string }

/**
 * The regular expressions of `matches`: literals, `.`, ASCII classes, `* + ? {m,n}`, groups, `|`, `^` in front and `$`
 * at the end. What comes out is written so that Postgres, RE2 and JavaScript find the same with it: classes are spelt
 * out, groups capture nothing, whatever could be special is escaped. Folded, unless `exactly`: so are the texts that
 * are searched.
 */
export function readPattern(text: string, exactly = false): { readonly pattern: string } | PatternProblem {
  const characters = [...text]
  if (characters.length > limits.patternLength) {
    return { problem: `has ${characters.length} characters; ${limits.patternLength} are allowed`, at: 1 }
  }
  try {
    return { pattern: new Reader(characters, exactly).whole() }
  } catch (error) {
    if (error instanceof Refusal) return error.found
    throw error
  }
}

class Refusal extends Error {
  readonly found: PatternProblem
  constructor(found: PatternProblem) {
    super(found.problem)
    this.found = found
  }
}

/** A piece as it is written out; how long it is without repetitions; whether it holds `^`, and `$`. */
type Piece = {
  readonly text: string
  readonly size: number
  readonly begins?: boolean
  readonly ends?: boolean
}

class Reader {
  readonly characters: readonly string[]
  readonly exactly: boolean
  position = 0

  constructor(characters: readonly string[], exactly: boolean) {
    this.characters = characters
    this.exactly = exactly
  }

  whole(): string {
    const { text } = this.branches(0)
    if (this.next === ')') this.refuse('has a ) without its (', 'A parenthesis as such is written \\).')
    return text
  }

  private get next(): string | undefined {
    return this.characters[this.position]
  }

  private refuse(problem: string, hint?: string, at = this.position): never {
    throw new Refusal({ problem, at: at + 1, ...(hint ? { hint } : {}) })
  }

  private take(character: string): boolean {
    if (this.next !== character) return false
    this.position++
    return true
  }

  private branches(depth: number): Piece {
    if (depth > limits.patternDepth) this.refuse(`has more than ${limits.patternDepth} groups in each other`)
    const branches = [this.sequence(depth)]
    while (this.take('|')) branches.push(this.sequence(depth))
    return join(branches, '|')
  }

  private sequence(depth: number): Piece {
    const pieces: Piece[] = []
    const start = this.position
    while (this.next !== undefined && this.next !== '|' && this.next !== ')') {
      const at = this.position
      const piece = this.piece(depth)
      // Engines disagree about what could never be found.
      if (piece.begins && pieces.length > 0) this.refuse('has something in front of ^', anchorHint('^'), at)
      if (pieces.at(-1)?.ends) this.refuse('has something behind $', anchorHint('$'), at)
      pieces.push(piece)
    }
    // What ends within a group is a group that is not closed.
    if (pieces.length === 0 && (depth === 0 || this.next !== undefined)) {
      this.refuse(
        this.characters.length === 0 ? 'is empty' : 'has a part with nothing in it',
        'For a part that may be missing, write (…)?.',
      )
    }
    const sequence = join(pieces, '')
    if (sequence.size > limits.patternSize) {
      this.refuse(
        `is longer than ${limits.patternSize} characters when its repetitions are written out`,
        undefined,
        start,
      )
    }
    return sequence
  }

  private piece(depth: number): Piece {
    const start = this.position
    const atom = this.atom(depth)
    const repeat = this.quantifier()
    if (!repeat) return atom
    if (atom.begins || atom.ends) this.refuse('repeats ^ or $', undefined, start)
    if (this.next === '?' || this.next === '+' || this.next === '*') {
      this.refuse('has two quantifiers in a row', 'Lazy and possessive ones are not understood.')
    }
    return { text: `${atom.text}${repeat.text}`, size: atom.size * repeat.times }
  }

  private quantifier(): { text: string; times: number } | undefined {
    for (const text of ['*', '+', '?']) if (this.take(text)) return { text, times: text === '?' ? 1 : 2 }
    if (this.next !== '{') return undefined
    const rest = this.characters.slice(this.position, this.position + 12).join('')
    const [whole, least, comma, most] = /^\{(\d{1,4})(?:(,)(\d{1,4})?)?\}/.exec(rest) ?? []
    if (!whole)
      this.refuse('has a { that is no repetition', 'Write {2}, {2,} or {2,5}; a brace as such is \\{.')
    const [from, to] = [Number(least), Number(most ?? least)]
    if (from > to) this.refuse(`repeats from ${from} to ${to} times`, `Write {${to},${from}}.`)
    if (to > limits.patternRepeat) {
      this.refuse(`repeats ${to} times; ${limits.patternRepeat} are allowed`)
    }
    this.position += whole.length
    const text = comma && most === undefined ? `{${from},}` : from === to ? `{${from}}` : `{${from},${to}}`
    return { text, times: to + 1 }
  }

  private atom(depth: number): Piece {
    const character = this.next!
    const start = this.position++
    switch (character) {
      case '.':
        return single('.')
      case '^':
        return { ...single(character), begins: true }
      case '$':
        return { ...single(character), ends: true }
      case '(':
        return this.group(depth, start)
      case '[':
        return single(this.set(start))
      case '\\':
        return single(this.escaped(start))
      case '*':
      case '+':
      case '?':
      case '{':
        return this.refuse(
          `has nothing in front of ${character}`,
          `The character as such is \\${character}.`,
          start,
        )
      case ']':
      case '}':
        return this.refuse(
          `has a ${character} without its beginning`,
          `The character as such is \\${character}.`,
          start,
        )
      default:
        return single(this.literal(character))
    }
  }

  private group(depth: number, start: number): Piece {
    if (this.next === '?') {
      const hint = 'Groups are written ( … ). Case is ignored unless the comparison says exactly.'
      this.refuse('has a group with (?', hint)
    }
    const inside = this.branches(depth + 1)
    if (!this.take(')'))
      this.refuse(
        'has a ( that is not closed',
        'Close it with ), or write \\( where a parenthesis as such is meant.',
        start,
      )
    return { ...inside, text: `(?:${inside.text})` }
  }

  private escaped(start: number): string {
    const character = this.next
    if (character === undefined)
      return this.refuse('ends with a backslash', 'A backslash as such is \\\\.', start)
    this.position++
    const members = classes[character]
    if (members) return this.written(members, false)
    if (isPunctuation(character)) return this.literal(character)
    return this.refuse(`has \\${character}, which is not understood`, escapeHint(character), start)
  }

  private literal(character: string): string {
    const written = this.exactly ? character : foldCharacter(character)
    return special.has(written) ? `\\${written}` : written
  }

  /** Behind the opening bracket. */
  private set(start: number): string {
    const negated = this.take('^')
    const members = new Set<number>()
    if (this.next === ']') this.refuse('has [] with nothing in it', 'A bracket as such is \\].')
    while (!this.take(']')) {
      if (this.next === undefined)
        this.refuse('has a [ that is not closed', 'A bracket as such is \\[.', start)
      this.member(members)
    }
    return this.written(members, negated)
  }

  private member(members: Set<number>): void {
    const at = this.position
    const from = this.memberCharacter()
    if (typeof from !== 'string') {
      for (const code of from) members.add(code)
      return
    }
    const after = this.characters[this.position + 1]
    if (this.next !== '-' || after === ']' || after === undefined) {
      members.add(from.charCodeAt(0))
      return
    }
    this.position++
    const to = this.memberCharacter()
    if (typeof to !== 'string' || !isRange(from, to)) {
      const hint = 'A range lies within 0-9, a-z or A-Z; a hyphen as such stands last, or is written \\-.'
      this.refuse('has a range that is not understood', hint, at)
    }
    for (let code = from.charCodeAt(0); code <= to.charCodeAt(0); code++) members.add(code)
  }

  private memberCharacter(): string | ReadonlySet<number> {
    const at = this.position
    const character = this.characters[this.position++]!
    if (character === '[') this.refuse('has a [ within [ ]', 'A bracket as such is \\[.', at)
    if (character.codePointAt(0)! > 127) {
      this.refuse(
        `has "${character}" within [ ], where only ASCII may stand`,
        'Write alternatives: (é|è).',
        at,
      )
    }
    if (character !== '\\') return character
    const escaped = this.next
    if (escaped === undefined) this.refuse('ends with a backslash', undefined, at)
    this.position++
    const members = classes[escaped]
    if (members) return members
    if (isPunctuation(escaped)) return escaped
    return this.refuse(`has \\${escaped}, which is not understood`, escapeHint(escaped), at)
  }

  private written(members: ReadonlySet<number>, negated: boolean): string {
    return writeClass(this.exactly ? members : folded(members), negated)
  }
}

const single = (text: string): Piece => ({ text, size: 1 })
const join = (pieces: readonly Piece[], between: string): Piece => ({
  text: pieces.map(({ text }) => text).join(between),
  size: pieces.reduce((sum, { size }) => sum + size, 0),
  begins: pieces.some(({ begins }) => begins),
  ends: pieces.some(({ ends }) => ends),
})

const anchorHint = (anchor: string): string =>
  `It means the ${anchor === '^' ? 'beginning' : 'end'} of the text. The character as such is \\${anchor}.`

const special = new Set('.*+?()[]{}|^$\\')
const isPunctuation = (character: string): boolean => /^[!-/:-@[-`{-~]$/.test(character)

const negations: Readonly<Record<string, string>> = { D: '[^\\d]', W: '[^\\w]', S: '[^\\s]' }
const escapeHint = (character: string): string =>
  negations[character]
    ? `Write ${negations[character]}.`
    : 'Understood are \\d, \\w, \\s, and a backslash in front of punctuation.'

/** The simple lower-case mapping: one code point for one, and none for capitals that engines don't know yet. */
function foldCharacter(character: string): string {
  if (character === 'İ') return 'i'
  return tooNew.test(character) ? character : character.toLowerCase()
}
const tooNew = /[\u{a7ce}\u{a7d2}\u{a7d4}\u{16ea0}-\u{16eb8}]/u
