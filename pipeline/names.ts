import { type CatalogType, nearest } from '../compiler/index.ts'
import { rows } from './catalog.ts'
import type { Client, Database } from './engine.ts'
import { UserError } from './errors.ts'

/** A name of the catalog: an attribute of leads or accounts, or a property of an event type. */
export type CatalogName = {
  readonly subject: 'lead' | 'account' | 'event'
  /** '' for attributes. */
  readonly eventType: string
  readonly name: string
  readonly type: CatalogType
}

/**
 * The name that is meant: `industry`, `account.plan`, `page_view.seconds`; or, where names hold dots themselves, told
 * apart by `of` or `event`. A lead's attribute goes before an event's property of the same spelling.
 */
export async function findName(
  reader: Database | Client,
  text: string,
  told: { of?: 'lead' | 'account' | undefined; event?: string | undefined } = {},
): Promise<CatalogName> {
  type Stored = { subject: CatalogName['subject']; event_type: string; name: string; type: CatalogType }
  const stored = await rows<Stored>(
    reader,
    'select subject, event_type, name, type from catalog order by 1, 2, 3',
  )
  const names = stored.map(({ event_type, ...each }) => ({ ...each, eventType: event_type }))
  const spelled = spellings(text, told)
  for (const { subject, eventType, name } of spelled) {
    const found = names.find(
      (each) => each.subject === subject && each.eventType === eventType && each.name === name,
    )
    if (found) return found
  }
  throw unknown(text, told, names)
}

type Spelling = Pick<CatalogName, 'subject' | 'eventType' | 'name'>

function spellings(text: string, told: Parameters<typeof findName>[2] = {}): Spelling[] {
  if (told.event !== undefined) return [{ subject: 'event', eventType: told.event, name: text }]
  if (told.of) return [{ subject: told.of, eventType: '', name: text }]
  const dots = [...text.matchAll(/\./g)].map(({ index }) => index)
  return [
    { subject: 'lead', eventType: '', name: text },
    ...(/^account\../.test(text)
      ? [{ subject: 'account', eventType: '', name: text.slice('account.'.length) } as const]
      : []),
    ...dots.map(
      (dot) => ({ subject: 'event', eventType: text.slice(0, dot), name: text.slice(dot + 1) }) as const,
    ),
  ]
}

function unknown(
  text: string,
  told: Parameters<typeof findName>[2],
  names: readonly CatalogName[],
): UserError {
  const written = ({ subject, eventType, name }: CatalogName): string =>
    subject === 'lead' || told?.of || told?.event !== undefined
      ? name
      : `${subject === 'account' ? 'account' : eventType}.${name}`
  const among = names.filter(({ subject, eventType }) =>
    told?.event !== undefined ? eventType === told.event : !told?.of || subject === told.of,
  )
  const near = nearest(text, among.map(written))
  const of = told?.event !== undefined ? ` of ${told.event}` : told?.of ? ` of ${told.of}s` : ''
  return new UserError({
    code: 'UNKNOWN_NAME',
    message: `The catalog has no "${text}"${of}.${near ? ` Did you mean "${near}"?` : ''}`,
    hint: 'A name is written as in a definition: industry, account.plan, page_view.seconds. `tideline catalog` lists them.',
  })
}
