import { z } from 'zod'
import { nearest } from './catalog.ts'
import { sentence } from './diagnostic.ts'
import {
  examplesOf,
  isMap,
  keysOf,
  lastOptionFor,
  optionFor,
  type Shape,
  shapeUnder,
  wordsFor,
} from './shape-words.ts'

/** What keeps a value from having its shape: where, what stands there, and what could. */
export type Misfit = {
  readonly path: readonly string[]
  /** The last step of the path is a key that can't be there; else what stands under it is wrong. */
  readonly isKey?: true
  /** The key that is most likely meant by it. */
  readonly meant?: string | undefined
  readonly message: string
  readonly hint?: string | undefined
}

export function misfits(shape: Shape, value: unknown): Misfit[] {
  const result = z.safeParse(shape, value)
  if (result.success) return []
  const found = result.error.issues.flatMap((issue) => misfitsOf(issue, shape, value))
  // A key that is misspelt is missing as well: that is said once.
  const misspelt = found.flatMap(({ path, meant }) =>
    meant ? [[...path.slice(0, -1), meant].join('\0')] : [],
  )
  return found.filter(({ path, message }) => message !== missing || !misspelt.includes(path.join('\0')))
}

function misfitsOf(issue: z.core.$ZodIssue, root: Shape, whole: unknown): Misfit[] {
  const path = issue.path.map(String)
  const { shape, value } = along(issue.path, root, whole)
  const fitting = shape ? wordsFor(shape, value) : []
  const one = (message: string, hint = couldStand(fitting)): Misfit[] => [
    { path, message: nothingIn(value) ?? message, hint },
  ]
  const other = (message: string, words: readonly string[] = fitting): Misfit[] =>
    one(message, meantBy(value, words) ?? couldStand(words))
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey([...path, key], shape && lastOptionFor(shape, value)))
    case 'invalid_key':
      return [{ path, isKey: true, message: "This can't be a key." }]
    case 'invalid_union': {
      if (issue.discriminator !== undefined) return other(noSuch(path, value), optionsOf(issue))
      const option = shape && optionFor(shape, value)
      if (!option) return other(noPlace(value))
      return misfits(option, value).flatMap((each) =>
        each.path.length > 0 ? [{ ...each, path: [...path, ...each.path] }] : other(each.message),
      )
    }
    case 'invalid_value':
      return other(noSuch(path, value))
    case 'invalid_type':
      return other(noPlace(value))
    case 'too_small':
    case 'too_big':
      return one(beyond(issue, value))
    default:
      return one(isMap(value) ? sentence(issue.message) : `${said(value)} ${issue.message}.`)
  }
}

const optionsOf = (issue: z.core.$ZodIssueInvalidUnion): string[] =>
  'options' in issue ? (issue.options ?? []).map(String) : []

/** What stands at the end of a path, and which shape it should have, as far as that is known. */
function along(path: readonly PropertyKey[], root: Shape, whole: unknown) {
  let [shape, value]: [Shape | undefined, unknown] = [root, whole]
  for (const step of path) {
    shape = shape && shapeUnder(shape, value, step)
    value = (value as Record<PropertyKey, unknown> | null | undefined)?.[step]
  }
  return { shape, value }
}

function unknownKey(path: readonly string[], shape: Shape | undefined): Misfit {
  const known = shape ? keysOf(shape) : []
  const such = shape ? examplesOf(shape).map((example) => `, such as ${example}`) : []
  const all = known.length > 0 ? `Known here: ${known.join(', ')}${such[0] ?? ''}.` : undefined
  const meant = nearest(path.at(-1)!, known)
  const hint = meantBy(path.at(-1), known) ?? all
  return { path, isKey: true, meant, message: 'This key is not known here.', hint }
}

/** No more than these are listed. */
const mostWords = 12

function meantBy(value: unknown, words: readonly string[]): string | undefined {
  const meant = typeof value === 'string' ? nearest(value, words) : undefined
  return meant === undefined ? undefined : `Did you mean "${meant}"?`
}

function couldStand(words: readonly string[]): string | undefined {
  if (words.length === 0) return undefined
  const more = words.length > mostWords ? ' and others' : ''
  return `Here could stand: ${words.slice(0, mostWords).join(', ')}${more}.`
}

const missing = 'This is missing.'
const nothingIn = (value: unknown): string | undefined =>
  value === undefined ? missing : value === null ? 'Nothing stands here.' : undefined

const noPlace = (value: unknown): string => `${said(value)} can't stand here.`

/** Where one of several words is asked for, its key says of what. */
const noSuch = (path: readonly string[], value: unknown): string =>
  typeof value === 'string' && path.length > 0
    ? `There is no ${path.at(-1)} "${cut(value)}".`
    : noPlace(value)

function beyond(issue: z.core.$ZodIssueTooBig | z.core.$ZodIssueTooSmall, value: unknown): string {
  const limit = issue.code === 'too_big' ? issue.maximum : issue.minimum
  if (typeof value === 'number') {
    return `${said(value)} is too ${issue.code === 'too_big' ? 'large' : 'small'}: ${limit} is allowed.`
  }
  const { length } = value as string | readonly unknown[]
  const [what, units] = typeof value === 'string' ? ['text', 'characters'] : ['list', 'values']
  if (length === 0) return `The ${what} is empty.`
  return `The ${what} has ${length} ${units}; ${limit} are allowed.`
}

/** What stands in a place, in a few words. */
function said(value: unknown): string {
  if (Array.isArray(value)) return 'A list'
  switch (typeof value) {
    case 'string':
      return `The text "${cut(value)}"`
    case 'number':
      return `The number ${value}`
    case 'boolean':
      return `The word ${value}`
    case 'object':
      return 'A map'
    default:
      return 'This'
  }
}

const cut = (text: string): string => (text.length > 40 ? `${text.slice(0, 39)}…` : text)
