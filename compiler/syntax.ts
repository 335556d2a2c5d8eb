import { type Diagnostic, type Span, sentence } from './diagnostic.ts'
import { SyntaxError as GrammarError, parse as parseGrammar } from './language/grammar.js'
import { limits } from './limits.ts'
import { meantIn } from './meant.ts'
import { tokens } from './tokens.ts'

/** What the grammar does not take: where, what was understood until there, and what was probably meant. */
export function syntaxDiagnostic(error: GrammarError, text: string): Diagnostic {
  const failed = placeOf(error, text)
  const word = text.slice(failed.start, failed.end)
  const expected = expectedBy(error)
  if (expected.length === 0) return found(failed, sentence(error.message))
  const quote = openQuote(text, failed.start)
  if (quote) return quoteDiagnostic(text, quote)
  if (isTooLarge(word, expected)) {
    const hint = `The most that can stand here is ${limits.count}.`
    return found(failed, `The number ${word} is too large.`, hint)
  }
  const meant = text.length <= longestMended ? meantIn(text, failed, reach) : undefined
  if (meant) return found(meant.span, notUnderstood(text, meant.span), meant.hint)
  return found(failed, notUnderstood(text, failed), `Here could stand: ${expected.join(', ')}.`)
}

const found = (span: Span, message: string, hint?: string): Diagnostic => ({
  ...{ code: 'SYNTAX', severity: 'error', message, hint, span },
})

/** In a text that is longer nothing is looked for that was meant: each try reads all of it. */
const longestMended = 5000

/** The word that is not understood. */
function placeOf(error: GrammarError, text: string): Span {
  const { offset } = error.location.start
  const blank = /^\s*/.exec(text.slice(offset))![0].length
  const start = offset + blank < text.length ? offset + blank : offset
  const word = /^(?:[A-Za-z0-9_]+|\S)/.exec(text.slice(start))?.[0] ?? ''
  return { start, end: start + Math.max(1, word.length) }
}

/** How far a text is understood. */
function reach(text: string): number {
  try {
    parseGrammar(text)
    return Number.POSITIVE_INFINITY
  } catch (error) {
    if (error instanceof GrammarError) return placeOf(error, text).start
    throw error
  }
}

function notUnderstood(text: string, { start, end }: Span): string {
  const understood = text.slice(0, start).trim().replace(/\s+/g, ' ')
  const place = text.slice(start).trim() === '' ? 'the end' : `"${text.slice(start, end)}"`
  if (!understood) return `A definition can't begin with ${place}.`
  const shown = understood.length > 60 ? `…${understood.slice(-58)}` : understood
  return `Understood up to "${shown}", but not ${place} after it.`
}

/** What could stand at the place, each once; none if the grammar itself says what is wrong. */
function expectedBy(error: GrammarError): string[] {
  const each = [...new Set((error.expected ?? []).map(describe).filter((one) => one !== ''))].sort()
  const words = each.filter((one) => one !== '"."' && one !== '"*"')
  return words.length > 0 ? words : each
}

function describe(expected: { type: string; text?: string; description?: string }): string {
  if (expected.type === 'literal') return `"${expected.text}"`
  if (expected.type === 'other' && expected.description !== 'blank') return expected.description ?? ''
  return expected.type === 'end' ? 'the end' : ''
}

const isTooLarge = (word: string, expected: readonly string[]): boolean =>
  /^\d+$/.test(word) &&
  Number(word) > limits.count &&
  expected.some((each) => /^(whole number|duration)/.test(each))

/** A quote that is not closed: where the text is not understood, or behind it if a quote was closed there too early. */
function openQuote(text: string, failed: number): Span | undefined {
  for (const { 0: token, 1: double, 2: single, 3: back, index } of text.matchAll(tokens)) {
    const isOpen = /^["'`]/.test(token) && !double && !single && !back
    if (isOpen && isBeside(text, index, failed)) return { start: index, end: index + token.trimEnd().length }
  }
  return undefined
}

const isBeside = (text: string, quote: number, failed: number): boolean =>
  quote === failed ||
  (quote > failed && /["'`]/.test(text[failed - 1] ?? '') && !text.slice(failed, quote).includes('\n'))

function quoteDiagnostic(text: string, quote: Span): Diagnostic {
  const mark = text[quote.start]
  const hint = `Another ${mark} ends it; within it one is written \\${mark}.`
  return found(quote, 'The quote that begins here is not closed on its line.', hint)
}
