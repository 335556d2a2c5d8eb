import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { approve, readParked } from '../../../pipeline/approve.ts'
import { importFile } from '../../../pipeline/import/import.ts'
import { apply } from '../definitions.ts'
import { around, count, type Setting } from './setting.ts'

/** What people and systems do between runs, and while one is going. */
export type Act = (setting: Setting) => Promise<void>

const types = ['login', 'click', 'demo', 'purchase'] as const
const plans = ['free', 'pro', 'team']

const anyLead = ({ random, leads }: Setting) => `L${random.below(leads)}`

function newEvents(setting: Setting, most: number): string[] {
  const { random, events } = setting
  return Array.from({ length: 1 + random.below(most) }, () => {
    // The same row once more, now and then: it counts once.
    if (events.size > 0 && random.chance(0.1)) return events.get(`e${random.below(events.size)}`)!
    const id = `e${events.size}`
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

const byHand: Act = async (setting) => {
  const { random, database } = setting
  const key = random.pick(Object.keys(setting.definitions))
  if (random.chance(0.3)) {
    await database.query(
      `update segment_list set until_at = greatest(from_at + interval '1 s', $1::timestamptz),
         until_xid = pg_current_xact_id()
       where list_id = (select list_id from segment_list where until_at is null order by list_id limit 1)`,
      [around(setting)],
    )
    return
  }
  await database.query(
    `insert into segment_list (segment_id, lead_id, list, from_at)
     select segment_id, lead_id, $3::text, $4::timestamptz from segments s, leads l
     where s.key = $1::text and l.external_id = $2::text and not exists (
       select from segment_list o where o.segment_id = s.segment_id and o.lead_id = l.lead_id and o.until_at is null)`,
    [key, anyLead(setting), random.pick(['added', 'removed']), around(setting)],
  )
}

const pool: Readonly<Record<string, readonly string[]>> = {
  active: ['did login within 2 days', 'did login within 30 hours', 'last activity within 7 days'],
  buyers: [
    'did purchase',
    'did purchase where value >= 20 within 1 month',
    'did purchase at least 2 times within 90 days',
  ],
  hot: ['score >= 10', 'score >= 4', 'level is hot'],
  risen: ['score rose by at least 3 within 2 days', 'entered level hot within 7 days', 'max score >= 8'],
  pro: [
    'plan = "pro"',
    'plan in ("pro", "team")',
    'plan = "pro" and age > 40',
    'plan has been "pro" for at least 3 days',
  ],
  large: ['account.size = "large"', 'account.size = "large" and plan != "free"'],
  team: ['account did purchase within 14 days', 'account did login at least 3 times within 7 days'],
  both: ['in segment "active" and in segment "pro"', 'in segment "active" and not in segment "buyers"'],
  once: [
    'was in segment "active" within 10 days',
    'left segment "active" within 5 days',
    'entered segment "hot" within 7 days',
  ],
  regular: ['distinct days of click >= 2 within 7 days', 'stopped click for 3 days within 30 days'],
  chased: ['did click then did demo within 5 days', 'any lead of account did demo within 10 days'],
  fresh: ['first seen within 7 days', 'first seen within 12 hours', 'first seen this month'],
  all: ['everyone'],
}

const scorings = [
  { points: { login: 1, click: 2, demo: 5, purchase: 3 } },
  { points: { login: 1, click: 1, demo: 8, purchase: 2 } },
]

/** Some definitions are changed, and now and then the rules for points. */
export const edit: Act = async (setting) => {
  const { random } = setting
  const first = Object.keys(setting.definitions).length === 0
  const chosen = Object.entries(pool).map(([key, texts]) => {
    const before = setting.definitions[key]
    return [key, before !== undefined && random.chance(0.8) ? before : random.pick(texts)]
  })
  const wanted: Record<string, string> = Object.fromEntries(chosen)
  try {
    const points = first ? scorings[0] : random.pick(scorings)
    await apply(setting.database, wanted, { ...points, levels: { cold: 0, warm: 4, hot: 10 } })
    setting.definitions = wanted
  } catch (error) {
    // Who asks for what is unknown just now is refused, and nothing was applied.
    if ((error as { code?: string }).code !== 'INVALID_DEFINITIONS' || first) throw error
    count(setting, 'edit refused')
  }
}

/** An attribute is unknown for a while: those who ask for it are broken, and keep their members. */
const breakOrMend: Act = async ({ database }) => {
  const broken = await database.query(
    `delete from catalog where (subject, name) = ('lead', 'age') returning name`,
  )
  if (broken.length === 0)
    await database.query(`insert into catalog (subject, name, type) values ('lead', 'age', 'number')`)
}

/** Somebody looks at what was parked, and lets some of it through. */
const approveSome: Act = async (setting) => {
  const keys = (await readParked(setting.database)).map(({ segment }) => segment)
  const chosen = keys.filter(() => setting.random.chance(0.6))
  if (chosen.length === 0) return
  await approve(setting.database, { keys: chosen, by: 'chaos' })
  count(setting, 'approved')
}

const acts: readonly (readonly [number, Act])[] = [
  [8, importEvents],
  [5, importLeads],
  [2, importAccounts],
  [5, fillInbox],
  [2, plainSql],
  [1, firstSeen],
  [3, byHand],
  [2, approveSome],
  [1, edit],
  [1, breakOrMend],
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
    setting.events.set(`e${n}`, row)
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
