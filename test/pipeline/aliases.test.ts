import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { applySources } from '../../pipeline/apply.ts'
import type { Database } from '../../pipeline/engine.ts'
import type { AliasSource } from '../../pipeline/project/sources.ts'
import { testDatabase } from '../support/database.ts'
import { addLead, apply, members, runAsOf, sources } from '../support/definitions.ts'

let database: Database
beforeEach(async () => {
  database = await testDatabase()
  const events: [string, string][] = [['view', '2026-01-02T00:00:00Z']]
  await addLead(database, 'a', { events })
  await addLead(database, 'b', { events })
  await addLead(database, 'c')
  await database.query(
    `insert into catalog (subject, event_type, name, type) values ('event', 'view', 'page', 'text')`,
  )
  await database.query(
    `update events e set properties = jsonb_build_object('page', case l.external_id when 'a' then '/pricing' else '/docs' end)
     from leads l where l.lead_id = e.lead_id`,
  )
})
afterEach(() => database.close())

const alias = (name: string, text: string): AliasSource => ({
  name,
  text,
  locate: ({ span }) => ({
    file: 'events.yaml',
    line: 1,
    column: 1 + (span?.start ?? 0),
    length: 1,
    excerpt: text,
  }),
})
const versions = async () =>
  Object.fromEntries(
    (await database.query<{ key: string; version: number }>('select key, version from segments')).map(
      ({ key, version }) => [key, version],
    ),
  )

describe('an alias of events.yaml', () => {
  it('stands for events wherever one is named, in runs as well', async () => {
    await apply(
      database,
      {
        seen: 'did viewed_pricing',
        often: 'viewed_pricing at least 2 times',
        other: 'did view and not did viewed_pricing',
      },
      { aliases: [alias('viewed_pricing', 'view where page = "/pricing"')] },
    )
    await runAsOf(database)
    expect(await members(database, 'seen')).toEqual(['a'])
    expect(await members(database, 'often')).toEqual([])
    expect(await members(database, 'other')).toEqual(['b'])
  })

  it('gives the segments that use it a new version when it changes, and no others', async () => {
    const segments = { seen: 'did viewed', all: 'everyone', typed: 'did view' }
    await apply(database, segments, { aliases: [alias('viewed', 'view where page = "/pricing"')] })
    await runAsOf(database)
    await apply(database, segments, { aliases: [alias('viewed', ' view  where page = "/pricing"\n')] })
    expect(await versions()).toEqual({ seen: 1, all: 1, typed: 1 })
    const report = await apply(database, segments, {
      aliases: [alias('viewed', 'view where page = "/docs"')],
    })
    expect(report.segments.map(({ key, action }) => `${key} ${action}`)).toEqual([
      'seen change',
      'all keep',
      'typed keep',
    ])
    await runAsOf(database)
    expect(await members(database, 'seen')).toEqual(['b'])
    // An alias for all of a type means what the type means.
    await apply(database, segments, { aliases: [alias('viewed', 'view')] })
    await runAsOf(database)
    expect(await members(database, 'seen')).toEqual(['a', 'b'])
    await expect(apply(database, { other: 'everyone' })).resolves.toMatchObject({ warnings: [] })
    expect(await database.query('select * from event_aliases')).toEqual([])
  })

  it.each([
    ['view', 'view where page = "/pricing"', 'BAD_ALIAS', 'error'],
    ['x', 'veiw', 'UNKNOWN_EVENT', 'warning'],
    ['x', 'view where pgae = "/pricing"', 'UNKNOWN_PROPERTY', 'warning'],
    ['x', 'view where page > 5', 'TYPE_MISMATCH', 'error'],
    ['x', 'view within 7 days', 'BAD_ALIAS', 'error'],
    ['x', 'view where', 'SYNTAX', 'error'],
    ['x', '', 'SYNTAX', 'error'],
  ])('%s: %s is refused or warned of: %s', async (name, text, code, severity) => {
    const given = sources({ all: 'everyone' }, { aliases: [alias(name, text)] })
    const outcome = await applySources(database, given, 'UTC').then(
      ({ warnings }) => warnings,
      (error: { findings: readonly unknown[] }) => error.findings,
    )
    expect(outcome).toMatchObject([{ file: 'events.yaml', code, severity }])
  })

  it('does not stand for another', async () => {
    const given = sources(
      { all: 'everyone' },
      { aliases: [alias('x', 'view'), alias('y', 'x where page = "/a"')] },
    )
    await expect(applySources(database, given, 'UTC')).rejects.toMatchObject({
      findings: [{ code: 'BAD_ALIAS', message: '"x" is an alias, and an alias can\'t stand for another.' }],
    })
  })

  it('that no longer fits the types breaks what names it, and nothing else', async () => {
    await apply(
      database,
      { seen: 'did viewed', all: 'everyone' },
      { aliases: [alias('viewed', 'view where page = "/pricing"')] },
    )
    await runAsOf(database)
    await database.query(`update catalog set type = 'number' where name = 'page'`)
    const run = await runAsOf(database)
    expect(run.failing).toMatchObject([{ key: 'seen', code: 'BAD_ALIAS' }])
    expect(await members(database, 'seen')).toEqual(['a'])
  })
})
