import stringWidth from 'string-width'
import { onClock } from '../compiler/index.ts'

/** How a value is shown on a terminal, and what it becomes in JSON and CSV. */
export type Kind =
  | 'text'
  | 'count'
  | 'number'
  | 'score'
  | 'ratio'
  | 'share'
  | 'instant'
  | 'exact instant'
  | 'boolean'
  | 'json'
  | 'milliseconds'
  | 'sparkline'

export const isNumeric = (kind: Kind): boolean =>
  ['count', 'number', 'score', 'ratio', 'share', 'milliseconds'].includes(kind)

/** What stands where there is nothing: never evaluated, missing, unknown. Never 0. */
export const nothing = '–'

export function show(value: unknown, kind: Kind): string {
  if (value === null || value === undefined) return nothing
  switch (kind) {
    case 'count':
    case 'number':
      return thousands(String(value))
    case 'score':
      return oneDecimalDown(String(value))
    case 'ratio':
      return Number(value).toFixed(2)
    case 'share':
      return `${(Number(value) * 100).toFixed(1)} %`
    case 'milliseconds':
      return seconds(Number(value))
    case 'instant':
      return instant(String(value))
    case 'exact instant':
      return instant(String(value), { exact: true })
    case 'sparkline':
      return sparkline(value as (number | null)[])
    case 'json':
      return printable(JSON.stringify(value))
    default:
      return printable(String(value))
  }
}

/** Text that can't move the cursor: what leads typed into forms ends up here. */
export function printable(text: string): string {
  return text.replace(/\r?\n/g, ' ').replace(/\p{Cc}/gu, '\uFFFD')
}

/** 1234567.50 → 1,234,567.5 */
export function thousands(number: string): string {
  const match = /^(-?)(\d+)(\.\d+)?$/.exec(number)
  if (!match) return number
  const [, sign = '', whole = '', fraction = ''] = match
  const short = fraction.slice(0, 7).replace(/\.?0+$/, '')
  return `${sign}${whole.replace(/\B(?=(\d{3})+$)/g, ',')}${short}`
}

/** Scores are shown rounded down, so that 24.999 never looks like the 25 it isn't. */
function oneDecimalDown(decimal: string): string {
  const fixed = (Math.floor(Number(decimal) * 10 + 1e-9) / 10).toFixed(1)
  return `${thousands(fixed.slice(0, -2))}${fixed.slice(-2)}`
}

/**
 * `2026-11-23T00:00:00.000000Z`, or as Postgres writes it, → `2026-11-23 00:00`, with seconds where there are some; in
 * UTC, or on the clock of a zone.
 */
export function instant(text: string, options: { exact?: boolean; zone?: string } = {}): string {
  const { zone = 'UTC' } = options
  const local = zone === 'UTC' ? text : (onClock(text, zone) ?? text)
  const match = /^(\d{4,}-\d{2}-\d{2})[T ](\d{2}:\d{2})(?::(\d{2})(\.\d+)?)?(?:Z|\+00(?::00)?)?$/.exec(local)
  if (!match) return printable(text)
  const [, day, minute, second = '00', fraction = ''] = match
  const rest = options.exact ? fraction.replace(/\.?0+$/, '') : ''
  return `${day} ${minute}${second === '00' && rest === '' ? '' : `:${second}${rest}`}`
}

/** The same with the name of the zone: `2026-11-23 01:00 Europe/Berlin`. */
export const zoned = (text: string, zone: string): string => `${instant(text, { zone })} ${zone}`

/** 12.3 MB, in units of 1,000,000 bytes; what is less than a tenth of one is not nothing. */
export function megabytes(bytes: number): string {
  return bytes > 0 && bytes < 100_000 ? 'less than 0.1 MB' : `${thousands((bytes / 1e6).toFixed(1))} MB`
}

export function seconds(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`
  if (milliseconds < 120_000) return `${(milliseconds / 1000).toFixed(1)} s`
  const whole = Math.round(milliseconds / 1000)
  return `${Math.floor(whole / 60)} min ${whole % 60} s`
}

const bars = '▁▂▃▄▅▆▇█'

/** Changes of less than a tenth of the size look as flat as they are. */
export function sparkline(values: readonly (number | null)[]): string {
  const known = values.filter((value) => value !== null)
  if (known.length === 0) return ''
  const [low, high] = [Math.min(...known), Math.max(...known)]
  const span = Math.max(high - low, high / 10, 1)
  // What hardly moves lies in the middle of a step, not on the edge of one.
  const floor = (low + high - span) / 2 - span / 16
  return values
    .map((value) => (value === null ? ' ' : bars[Math.min(7, Math.floor(((value - floor) / span) * 8))]))
    .join('')
}

/** A decimal as a JSON number if that is the same number, and as text if digits would be lost. */
export function exact(value: unknown): unknown {
  if (typeof value === 'bigint') return exact(String(value))
  if (typeof value !== 'string') return value
  const plain = /^-?\d+(\.\d+)?$/.test(value)
    ? value.replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, '')
    : undefined
  return plain !== undefined && String(Number(plain)) === plain ? Number(plain) : value
}

export const widthOf = (text: string): number => stringWidth(text)

const graphemes = new Intl.Segmenter()

/** No wider than so many columns; what is cut off shows as `…`. */
export function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text
  let kept = ''
  let used = 0
  for (const { segment } of graphemes.segment(text)) {
    used += widthOf(segment)
    if (used > width - 1) break
    kept += segment
  }
  return `${kept}…`
}

/** Breaks at blanks, so that no line is wider than so many columns where words allow it. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && widthOf(last) + 1 + widthOf(word) <= width)
      lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}

export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${thousands(String(count))} ${count === 1 ? one : many}`
