import type { ListType, ScalarType, Stored, ValueType } from '../../../compiler/ir.ts'
import { type Json, readJson } from './json.ts'

/** What is compared: decimals as whole millionths, instants as text that sorts as they do in time. */
export type Scalar =
  /** A mean is the sum over a count, so that nothing is ever rounded. */
  | { readonly type: 'number'; readonly value: bigint; readonly over?: bigint }
  | { readonly type: 'text' | 'instant'; readonly value: string }
  | { readonly type: 'boolean'; readonly value: boolean }
export type Value =
  | Scalar
  /** Of any type: it is known, and that is all. */
  | { readonly type: 'json' }
  /** Elements of another type are missing, and stay in their places. */
  | { readonly type: ListType; readonly elements: readonly (Scalar | undefined)[] }

export const million = 1_000_000n
export const whole = (count: number): Scalar => ({ type: 'number', value: BigInt(count) * million })

/** The stored value that is asked for, read as its type; undefined if it is missing. */
export function read(stored: string | null, { path = [], type }: Stored): Value | undefined {
  return typed(present(stored === null ? undefined : at(readJson(stored), path)), type)
}

/** Only objects have keys. */
function at(json: Json | undefined, path: readonly string[]): Json | undefined {
  const [key, ...rest] = path
  if (json === undefined || key === undefined) return json
  return json.kind === 'object' ? at(json.of.get(key), rest) : undefined
}

/** Null, empty text and empty arrays are missing. */
function present(json: Json | undefined): Json | undefined {
  if (json === undefined || json.kind === 'null') return undefined
  if (json.kind === 'string' && json.value === '') return undefined
  return json.kind === 'array' && json.of.length === 0 ? undefined : json
}

const elementTypes: Record<ListType, ScalarType> = { texts: 'text', numbers: 'number', booleans: 'boolean' }

function typed(json: Json | undefined, type: ValueType): Value | undefined {
  if (type === 'size') return whole(json === undefined ? 0 : json.kind === 'array' ? json.of.length : 1)
  if (json === undefined) return undefined
  switch (type) {
    case 'json':
      return { type }
    case 'texts':
    case 'numbers':
    case 'booleans': {
      const elements = json.kind === 'array' ? json.of : [json]
      return { type, elements: elements.map((each) => scalar(present(each), elementTypes[type])) }
    }
    default:
      return scalar(json, type)
  }
}

function scalar(json: Json | undefined, type: ScalarType): Scalar | undefined {
  if (json === undefined) return undefined
  switch (type) {
    case 'boolean':
      return json.kind === 'boolean' ? { type, value: json.value } : undefined
    case 'number': {
      const value = json.kind === 'number' ? decimal(json.text) : undefined
      return value === undefined ? undefined : { type, value }
    }
    case 'text':
      return json.kind === 'string' ? { type, value: json.value } : undefined
    case 'instant':
      return json.kind === 'string' && instantForm.test(json.value) ? { type, value: json.value } : undefined
  }
}

/** As instants are stored; any other text is none. */
const instantForm = /^.{4}-.{2}-.{2}T.{2}:.{2}:.{2}\..{6}Z$/su

/** A JSON number in millionths, half away from zero; missing from 10^22 on. */
export function decimal(json: string): bigint | undefined {
  const [, sign, whole, fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(json) ?? []
  if (whole === undefined) throw new Error(`not a number: ${json}`)
  const digits = BigInt(whole + fraction)
  // The number is digits × 10^power.
  const power = Number(exponent) - fraction.length
  if (power >= 0 ? digits * 10n ** BigInt(power) >= 10n ** 22n : digits >= 10n ** BigInt(22 - power))
    return undefined
  const divisor = 10n ** BigInt(Math.max(0, -(power + 6)))
  const scaled = digits * 10n ** BigInt(Math.max(0, power + 6))
  const rounded = (scaled * 2n + divisor) / (divisor * 2n)
  return sign ? -rounded : rounded
}
