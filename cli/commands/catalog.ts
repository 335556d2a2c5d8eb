import { nearest } from '../../compiler/index.ts'
import type { Database } from '../../pipeline/engine.ts'
import { UserError } from '../../pipeline/errors.ts'
import { type KnownName, readAttributes, readEventTypes, readProperties } from '../../pipeline/reads.ts'
import { command, type Start } from '../command.ts'
import type { Answer } from '../output.ts'
import { type Column, type Row, renderTable } from '../table.ts'
import { plural } from '../values.ts'

export const catalog = (start: Start) =>
  command('catalog', {
    summary: 'the names a definition may use, with their types',
    description:
      'The attributes of leads and accounts, the event types and their properties, as they were imported: type, and on how many each is known.',
    examples: [
      ['tideline catalog', 'everything'],
      ['tideline catalog leads', 'the attributes of leads'],
      ['tideline catalog page_view', 'the properties of an event type'],
    ],
  })
    .argument('[WHAT]', 'leads, accounts, events, or an event type')
    .action(
      start(async (cli, what: string | undefined) => {
        const { database } = await cli.open()
        await cli.print(await answer(database, what))
      }),
    )

async function answer(database: Database, what: string | undefined): Promise<Answer> {
  if (what === undefined) return everything(database)
  if (what === 'leads' || what === 'accounts') {
    const found = await readAttributes(database, what === 'leads' ? 'lead' : 'account')
    return names(
      found,
      `No attributes of ${what} are known yet: \`tideline import ${what} FILE\` brings them in.`,
    )
  }
  const types = await readEventTypes(database)
  if (what === 'events') {
    const none = 'No event types are known yet: `tideline import events FILE` brings them in.'
    return { columns: eventColumns, rows: types, ...(types.length === 0 ? { lines: [none] } : {}) }
  }
  if (!types.some((each) => each.type === what))
    throw unknown(
      what,
      types.map((each) => each.type),
    )
  return names(await readProperties(database, what), `Events of type ${what} have had no properties so far.`)
}

function names(found: readonly KnownName[], none: string): Answer {
  const rows = found.map((each) => ({
    ...each,
    share: Number(each.of) > 0 ? Number(each.known) / Number(each.of) : null,
  }))
  return { columns: nameColumns, rows, ...(rows.length === 0 ? { lines: [none] } : {}) }
}

async function everything(database: Database): Promise<Answer> {
  const leads = await readAttributes(database, 'lead')
  const accounts = await readAttributes(database, 'account')
  const events = await readEventTypes(database)
  const some = (subject: string, found: readonly KnownName[]) => found.map((each) => ({ subject, ...each }))
  const part = (title: string, columns: readonly Column[], rows: readonly Row[]) =>
    rows.length === 0 ? [] : [title, '', ...renderTable(columns, rows, 100), '']
  const nothing = leads.length + accounts.length + events.length === 0
  return {
    columns: [{ name: 'subject' }, ...nameColumns.slice(0, 3)],
    rows: [
      ...some('lead', leads),
      ...some('account', accounts),
      ...events.map(({ type, events: known }) => ({ subject: 'event', name: type, type: 'event', known })),
    ],
    lines: nothing
      ? ['Nothing is known yet: `tideline import leads FILE` and `tideline import events FILE` bring it in.']
      : [
          ...part(`Leads have ${plural(leads.length, 'attribute')}`, nameColumns.slice(0, 3), leads),
          ...part(`Accounts have ${plural(accounts.length, 'attribute')}`, nameColumns.slice(0, 3), accounts),
          ...part(`There are ${plural(events.length, 'event type')}`, eventColumns, events),
        ].slice(0, -1),
  }
}

const nameColumns: readonly Column[] = [
  { name: 'name' },
  { name: 'type' },
  { name: 'known', title: 'KNOWN ON', kind: 'count' },
  { name: 'share', kind: 'share' },
]

const eventColumns: readonly Column[] = [
  { name: 'type' },
  { name: 'channel' },
  { name: 'activity', kind: 'boolean' },
  { name: 'conversion', kind: 'boolean' },
  { name: 'events', kind: 'count' },
  { name: 'properties', kind: 'count' },
]

function unknown(what: string, known: readonly string[]): UserError {
  const near = nearest(what, [...known, 'leads', 'accounts', 'events'])
  return new UserError({
    code: 'UNKNOWN_EVENT',
    message: `There is no event type "${what}".${near ? ` Did you mean "${near}"?` : ''}`,
    hint: '`tideline catalog events` lists them; `tideline catalog leads` and `… accounts` list attributes.',
  })
}
