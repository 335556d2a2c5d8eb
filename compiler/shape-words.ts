import { z } from 'zod'
import { number } from './definition.ts'

export type Shape = z.core.$ZodType
type AnyDef = z.core.$ZodTypes['_zod']['def']
type Def = Exclude<AnyDef, { type: 'lazy' | 'optional' | 'default' | 'nullable' | 'pipe' }>

/** A shape without what is wrapped around it: that it may be left out, or is turned into something else. */
function bare(shape: Shape): { readonly shape: Shape; readonly def: Def } {
  const { def } = (shape as z.core.$ZodTypes)._zod
  switch (def.type) {
    case 'lazy':
      return bare((shape as z.core.$ZodLazy)._zod.innerType)
    case 'optional':
    case 'default':
    case 'nullable':
      return bare(def.innerType)
    case 'pipe':
      return bare(def.in)
    default:
      return { shape, def }
  }
}

/** The shape of what stands under a key, as far as it is known. */
export function shapeUnder(shape: Shape, value: unknown, key: PropertyKey): Shape | undefined {
  const { def } = bare(shape)
  switch (def.type) {
    case 'object':
      return def.shape[String(key)]
    case 'record':
      return def.valueType
    case 'array':
      return def.element
    case 'union': {
      const option = optionFor(shape, value)
      return option && shapeUnder(option, value, key)
    }
    default:
      return undefined
  }
}

/** Of several shapes, the one that a value is most likely meant to have: of its kind, and knowing most of its keys. */
export function optionFor(shape: Shape, value: unknown): Shape | undefined {
  const { def } = bare(shape)
  if (def.type !== 'union') return shape
  const known = (option: Shape) =>
    isMap(value) ? keysOf(option).filter((key) => isFit(option, value, key)).length : 0
  return def.options.filter((option) => isOfKind(option, value)).sort((a, b) => known(b) - known(a))[0]
}

/** The same where an option may have options itself. */
export function lastOptionFor(shape: Shape, value: unknown): Shape | undefined {
  const option = optionFor(shape, value)
  return option === undefined || option === shape ? option : lastOptionFor(option, value)
}

/** Whether a key says that a shape is meant: it stands there, with one of the words that the shape knows. */
function isFit(option: Shape, value: Record<string, unknown>, key: string): boolean {
  const of = shapeUnder(option, value, key)
  const words = of ? choices(bare(of).def) : []
  return key in value && (words.length === 0 || words.includes(value[key]))
}

/** The keys that a map of this shape may have. */
export function keysOf(shape: Shape): string[] {
  const { def } = bare(shape)
  return def.type === 'object' ? Object.keys(def.shape) : []
}

function isOfKind(shape: Shape, value: unknown): boolean {
  const { def } = bare(shape)
  switch (def.type) {
    case 'object':
    case 'record':
      return isMap(value)
    case 'array':
      return Array.isArray(value)
    case 'literal':
    case 'enum':
      return choices(def).some((choice) => typeof choice === typeof value)
    case 'union':
      return def.options.some((option) => isOfKind(option, value))
    default:
      return def.type === typeof value
  }
}

export const isMap = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === 'object' && !Array.isArray(value)

const choices = (def: Def): readonly unknown[] =>
  def.type === 'literal' ? def.values : def.type === 'enum' ? Object.values(def.entries) : []

/** What could stand where a shape is asked for, in words; where a value stands now, in its place. */
export function wordsFor(wanted: Shape, value?: unknown): string[] {
  const { shape, def } = bare(wanted)
  if (shape === number && Number.isFinite(value)) return [json({ number: String(value) })]
  const [example, ...more] = examplesOf(shape)
  if (example !== undefined) return [example.startsWith('{') ? example : `text such as ${example}`, ...more]
  switch (def.type) {
    case 'string':
      return ['text']
    case 'number':
      return ['format' in def ? 'a whole number' : 'a number']
    case 'boolean':
      return ['true', 'false']
    case 'array':
      return ['a list']
    case 'record':
      return ['a map']
    case 'object':
      return [json(needed(def.shape))]
    case 'union':
      return [...new Set(def.options.flatMap((option) => wordsFor(option, value)))]
    default:
      return choices(def).map(String)
  }
}

/** As they may be written. */
export function examplesOf(wanted: Shape): string[] {
  const { examples } = z.globalRegistry.get(bare(wanted).shape) ?? {}
  if (!Array.isArray(examples)) return []
  return examples.map((each) => (typeof each === 'string' ? each : json(each)))
}

/** The keys that a map has to have, each with a word that may stand under it; where none is needed, all. */
function needed(shape: Readonly<Record<string, Shape>>): Record<string, unknown> {
  const all = Object.keys(shape)
  const keys = all.filter((key) => shape[key]!._zod.optin === undefined)
  return Object.fromEntries(
    (keys.length > 0 ? keys : all).map((key) => [key, choices(bare(shape[key]!).def)[0]]),
  )
}

const json = (map: Readonly<Record<string, unknown>>): string =>
  `{${Object.entries(map)
    .map(([key, value]) => `"${key}": ${JSON.stringify(value) ?? '…'}`)
    .join(', ')}}`
