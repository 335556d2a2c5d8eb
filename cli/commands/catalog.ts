import { nearest } from '../../compiler/index.ts'
import type { Database } from '../../pipeline/engine.ts'
import { UserError } from '../../pipeline/errors.ts'
import { type Naming, readNaming } from '../../pipeline/naming.ts'
import { readAliases, readEventTypes, readScores } from '../../pipeline/reads.ts'
import { command, type Start } from '../command.ts'
import { attributeRows, type NameRow, type NameRows, propertyRows, type Shown } from '../names.ts'
import type { Answer } from '../output.ts'
import { type Column, type Row, renderTable } from '../table.ts'
import { plural } from '../values.ts'
import { catalogSet } from './catalog-set.ts'

export const catalog = (start: Start) =>
  command('catalog', {
    summary: 'the names a definition may use: types, how often known, common values',
    description:
      'The attributes of leads and accounts, the event types, their properties and aliases, the scores: type, on how many each is known, its most common values, and which segments name it. Keys within what is json stand below its name, as definitions write them. Without an argument, all but the properties of events, which are counted.',
    examples: [
      ['tideline catalog', 'everything, in one view'],
      ['tideline catalog leads', 'the attributes of leads'],
      ['tideline catalog page_view', 'the properties of an event type'],
      ['tideline catalog company_size', 'an attribute'],
      ['tideline catalog leads --no-values', 'without showing what leads said'],
      ['tideline catalog set company_size range', 'give a name another type'],
    ],
  })
    .argument('[WHAT]', 'leads, accounts, events, an event type, an alias or an attribute')
    .option('--no-values', 'do not show values')
    .action(
      start(async (cli, what: string | undefined, options: { values: boolean }) => {
        const { database, project } = await cli.open()
        const { timezone: zone } = project.settings
        await cli.print(await answer(database, what, { values: options.values ? 5 : 0, zone }))
      }),
    )
    .addCommand(catalogSet(start))

async function answer(database: Database, what: string | undefined, shown: Shown): Promise<Answer> {
  const naming = await readNaming(database)
  if (what === undefined) return everything(database, naming, shown)
  if (what === 'leads' || what === 'accounts') {
    const rows = await attributeRows(database, naming, what === 'leads' ? 'lead' : 'account', shown)
    return names(
      rows,
      `No attributes of ${what} are known yet: \`tideline import ${what} FILE\` brings them in.`,
    )
  }
  const { types, aliases } = await eventRows(database, naming)
  if (what === 'events') {
    const none = ['No event types are known yet: `tideline import events FILE` brings them in.']
    const lines = [
      ...renderTable(eventColumns, types, 100),
      ...(aliases.length > 0 ? ['', ...renderTable(aliasColumns, aliases, 100)] : []),
    ]
    const columns = [...machine(eventColumns), { name: 'alias_of' }]
    const all = [...types, ...aliases.map(({ name, ...rest }) => ({ type: name, ...rest }))]
    return { columns, rows: all, document: all.map(plain), lines: types.length === 0 ? none : lines }
  }
  const alias = aliases.find((each) => each.name === what)
  if (alias) {
    const lines = [
      `${alias.name} is an alias of ${alias.alias_of}.`,
      `Named by: ${alias.segments.join(', ') || 'no segment'}.`,
    ]
    return { columns: machine(aliasColumns), rows: [alias], lines }
  }
  if (!types.some((each) => each.type === what)) {
    const attributes = withSubject(await everyAttribute(database, naming, shown))
    const called = attributes.filter(({ name }) => name === what)
    if (called.length > 0) return attributesOf(called)
    throw unknown(what, [
      ...types.map(({ type }) => type),
      ...[...aliases, ...attributes].map(({ name }) => name),
    ])
  }
  const properties = await propertyRows(database, naming, what, shown)
  return names(properties, `Events of type ${what} have had no properties so far.`)
}

async function everyAttribute(database: Database, naming: Naming, shown: Shown) {
  const leads = await attributeRows(database, naming, 'lead', shown)
  const accounts = await attributeRows(database, naming, 'account', shown)
  return { leads, accounts }
}

type Attributes = Awaited<ReturnType<typeof everyAttribute>>

const withSubject = ({ leads, accounts }: Attributes) => [
  ...leads.rows.map((each) => ({ subject: 'lead', ...each })),
  ...accounts.rows.map((each) => ({ subject: 'account', ...each })),
]

/** Leads and accounts may each have one of the same name. */
const attributesOf = (rows: ReturnType<typeof withSubject>): Answer => ({
  columns: [{ name: 'subject' }, ...machine(nameColumns)],
  rows,
  document: rows.map(plain),
  lines: renderTable([{ name: 'subject', title: 'OF' }, ...shownColumns(rows)], rows, 100),
})

async function eventRows(database: Database, naming: Naming) {
  const types = (await readEventTypes(database)).map(({ of, ...each }) => {
    const segments = naming.event(each.type)
    const share = Number(of) > 0 ? Number(each.leads) / Number(of) : null
    return { ...each, share, segments, named_by: segments.join(', ') }
  })
  const aliases = (await readAliases(database)).map(({ name, definition }) => {
    const segments = naming.alias(name)
    return { name, alias_of: definition, segments, named_by: segments.join(', ') }
  })
  return { types, aliases }
}

/** As a program has it: lists stay lists. */
function plain(row: Row): Row {
  const { common: _, named_by: __, ...rest } = row
  const counts = ['known', 'different', 'events', 'leads', 'properties']
  return Object.fromEntries(
    Object.entries(rest).map(([name, value]) => [name, counts.includes(name) ? Number(value) : value]),
  )
}

function names({ rows, more }: NameRows, none: string): Answer {
  return {
    columns: machine(nameColumns),
    rows,
    document: rows.map(plain),
    lines: rows.length === 0 ? [none] : [...renderTable(shownColumns(rows), rows, 100), ...more],
  }
}

/** What is put into words for a table is left out where programs read. */
const machine = (columns: readonly Column[]): Column[] =>
  columns.filter(({ name }) => name !== 'common' && name !== 'named_by')

/** What is empty in every row is left out. */
const shownColumns = (rows: readonly NameRow[]): Column[] =>
  nameColumns.filter(
    ({ name }) =>
      (name !== 'common' || rows.some((row) => row.common !== '')) &&
      (name !== 'named_by' || rows.some((row) => row.named_by !== '')),
  )

async function everything(database: Database, naming: Naming, shown: Shown): Promise<Answer> {
  const known = await everyAttribute(database, naming, shown)
  const { types, aliases } = await eventRows(database, naming)
  const scores = (await readScores(database)).map((each) => {
    const segments = naming.score(each.name)
    return { ...each, segments, named_by: segments.join(', ') }
  })
  const part = (
    title: string,
    columns: readonly Column[],
    rows: readonly Row[],
    more: readonly string[] = [],
  ) => (rows.length === 0 ? [] : [title, '', ...renderTable(columns, rows, 100), ...more, ''])
  const attributes = (of: string, { rows, names, more }: NameRows) =>
    part(`${of} have ${plural(names, 'attribute')}`, shownColumns(rows), rows, more)
  const rows = [
    ...withSubject(known),
    ...types.map(({ type, events: known, ...each }) => ({
      subject: 'event',
      name: type,
      type: 'event',
      known,
      ...each,
    })),
    ...aliases.map((each) => ({ subject: 'alias', type: 'alias', ...each })),
    ...scores.map((each) => ({ subject: 'score', type: 'number', ...each })),
  ]
  return {
    columns: [{ name: 'subject' }, ...machine(nameColumns), { name: 'alias_of' }, { name: 'levels' }],
    rows,
    document: rows.map(plain),
    lines:
      rows.length === 0
        ? [
            'Nothing is known yet: `tideline import leads FILE` and `tideline import events FILE` bring it in.',
          ]
        : [
            ...attributes('Leads', known.leads),
            ...attributes('Accounts', known.accounts),
            ...part(
              `There ${types.length === 1 ? 'is' : 'are'} ${plural(types.length, 'event type')}`,
              eventColumns,
              types,
              whereProperties(types),
            ),
            ...part(`And ${plural(aliases.length, 'alias', 'aliases')}`, aliasColumns, aliases),
            ...part(`And ${plural(scores.length, 'score')}`, scoreColumns, scores),
          ].slice(0, -1),
  }
}

/** The overview counts properties; what they are stands elsewhere. */
function whereProperties(types: readonly { type: string; properties: string }[]): string[] {
  const some = types.find(({ properties }) => Number(properties) > 0)
  return some ? ['', `\`tideline catalog ${some.type}\` lists the properties of an event type.`] : []
}

const nameColumns: readonly Column[] = [
  { name: 'name' },
  { name: 'type' },
  { name: 'known', title: 'KNOWN ON', kind: 'count' },
  { name: 'share', kind: 'share' },
  { name: 'different', kind: 'count', title: null },
  { name: 'values', kind: 'json', title: null },
  { name: 'segments', kind: 'json', title: null },
  { name: 'common', title: 'MOST COMMON' },
  { name: 'named_by', title: 'NAMED BY' },
]

const eventColumns: readonly Column[] = [
  { name: 'type' },
  { name: 'channel' },
  { name: 'activity', kind: 'boolean' },
  { name: 'conversion', kind: 'boolean' },
  { name: 'events', kind: 'count' },
  { name: 'leads', kind: 'count' },
  { name: 'share', kind: 'share', title: null },
  { name: 'properties', kind: 'count' },
  { name: 'segments', kind: 'json', title: null },
  { name: 'named_by', title: 'NAMED BY' },
]

const aliasColumns: readonly Column[] = [
  { name: 'name', title: 'ALIAS' },
  { name: 'alias_of', title: 'STANDS FOR' },
  { name: 'segments', kind: 'json', title: null },
  { name: 'named_by', title: 'NAMED BY' },
]

const scoreColumns: readonly Column[] = [
  { name: 'name', title: 'SCORE' },
  { name: 'levels' },
  { name: 'named_by', title: 'NAMED BY' },
]

function unknown(what: string, known: readonly string[]): UserError {
  const near = nearest(what, [...known, 'leads', 'accounts', 'events'])
  return new UserError({
    code: 'UNKNOWN_EVENT',
    message: `There is no event type, alias or attribute "${what}".${near ? ` Did you mean "${near}"?` : ''}`,
    hint: '`tideline catalog events` lists types and aliases, `tideline catalog leads` and `… accounts` attributes.',
  })
}
