import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { importFile } from '../../../pipeline/import/import.ts'
import { edit, edits, plans } from './edits.ts'
import { type Act, anyLead, around, count, type Setting } from './setting.ts'

const types = ['login', 'click', 'demo', 'purchase'] as const

function newEvents(setting: Setting, most: number): string[] {
  const { random, events } = setting
  return Array.from({ length: 1 + random.below(most) }, () => {
    // The same row once more, now and then: it counts once.
    if (events.size > 0 && random.chance(0.1)) return random.pick([...events.values()])
    const id = `e${setting.given++}`
    const row = `${id},${anyLead(setting)},${random.pick(types)},${around(setting)},${random.below(50)}`
    events.set(id, row)
    return row
  })
}

/** Again and again until it is through: whoever lost the connection meanwhile takes the file once more. */
async function take(setting: Setting, kind: 'events' | 'leads' | 'accounts', lines: string[]): Promise<void> {
  const file = join(setting.folder, 'files', `${setting.files++}.csv`)
  writeFileSync(file, `${lines.join('\n')}\n`)
  const options = { kind, file, map: {}, set: {}, timezone: 'UTC', temporary: join(setting.folder, 'work') }
  for (let tries = 1; ; tries++) {
    try {
      await importFile(setting.database, options)
      return
    } catch (error) {
      if (tries === 3) throw error
      count(setting, 'import taken again')
    }
  }
}

const importEvents: Act = async (setting) => {
  await take(setting, 'events', ['event_id,lead_id,type,occurred_at,value', ...newEvents(setting, 12)])
}

const importLeads: Act = async (setting) => {
  const { random } = setting
  if (random.chance(0.3)) setting.leads += 1 + random.below(3)
  const rows = Array.from({ length: 1 + random.below(5) }, () => {
    const account = random.chance(0.7) ? `A${random.below(5)}` : ''
    const since = random.chance(0.8) ? around(setting) : ''
    return [anyLead(setting), account, random.pick(plans), random.below(100), around(setting), since].join()
  })
  await take(setting, 'leads', ['lead_id,account_id,plan,age,first_seen_at,changed_at', ...rows])
}

const importAccounts: Act = async (setting) => {
  const { random } = setting
  const rows = Array.from({ length: 1 + random.below(3) }, () =>
    [`A${random.below(5)}`, random.pick(['small', 'large']), around(setting)].join(),
  )
  await take(setting, 'accounts', ['account_id,size,changed_at', ...rows])
}

const fillInbox: Act = async (setting) => {
  const rows = newEvents(setting, 6).map((row) => row.split(','))
  await setting.database.query(
    `insert into inbox_events (event_id, lead_id, type, occurred_at, properties)
     select r ->> 0, r ->> 1, r ->> 2, r ->> 3, jsonb_build_object('value', (r ->> 4)::numeric)
     from jsonb_array_elements($1::jsonb) r`,
    [JSON.stringify(rows)],
  )
}

/** Dated by the server's clock, years after the runs: it begins when it begins. */
const plainSql: Act = async (setting) => {
  await setting.database.query(
    `update leads set attributes = attributes || jsonb_build_object('plan', $2::text) where external_id = $1::text`,
    [anyLead(setting), setting.random.pick(plans)],
  )
}

const firstSeen: Act = async (setting) => {
  await setting.database.query(
    'update leads set first_seen_at = least(first_seen_at, $2::timestamptz) where external_id = $1::text',
    [anyLead(setting), around(setting)],
  )
}

/** With all it did. That its events are gone nothing tells but their number; that it is gone, runs see. */
const removeLead: Act = async (setting) => {
  const lead = anyLead(setting)
  const gone = await setting.database.transaction(async (client) => {
    const { rows } = await client.query<{ event_id: string }>(
      `delete from events e using leads l where l.lead_id = e.lead_id and l.external_id = $1::text returning event_id`,
      [lead],
    )
    await client.query('delete from leads where external_id = $1::text', [lead])
    return rows
  })
  for (const { event_id: id } of gone) setting.events.delete(id)
}

const acts: readonly (readonly [number, Act])[] = [
  [8, importEvents],
  [5, importLeads],
  [2, importAccounts],
  [5, fillInbox],
  [2, plainSql],
  [1, firstSeen],
  [1, removeLead],
  ...edits,
]

/** Enough of everything that each definition can be understood. */
export const begin: Act = async (setting) => {
  const leads = Array.from(
    { length: setting.leads },
    (_, n) => `L${n},A${n % 5},${plans[n % 3]},${n * 3},2021-01-0${1 + (n % 9)}`,
  )
  await take(setting, 'leads', ['lead_id,account_id,plan,age,first_seen_at', ...leads])
  await take(setting, 'accounts', [
    'account_id,size',
    ...Array.from({ length: 5 }, (_, n) => `A${n},${n % 2 ? 'small' : 'large'}`),
  ])
  const rows = types.map((type, n) => {
    const row = `e${n},L${n},${type},${setting.now},7`
    setting.events.set(`e${setting.given++}`, row)
    return row
  })
  await take(setting, 'events', ['event_id,lead_id,type,occurred_at,value', ...rows])
  await edit(setting)
}

export const someAct: Act = async (setting) => {
  const act = setting.random.weighted(acts)
  setting.log(`  ${act.name}`)
  count(setting, act.name)
  await act(setting)
}
