import { applySources } from '../../../pipeline/apply.ts'
import { approve, readParked } from '../../../pipeline/approve.ts'
import { findName } from '../../../pipeline/names.ts'
import { retype } from '../../../pipeline/retype.ts'
import { sources } from '../definitions.ts'
import { type Act, anyLead, around, count, type Setting } from './setting.ts'

export const plans = ['free', 'pro', 'team'] as const

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
  { login: 1, click: 2, demo: 5, purchase: 3 },
  { login: 1, click: 1, demo: 8, purchase: 2 },
]

/** Some definitions are changed, and now and then the rules for points. */
export const edit: Act = async (setting) => {
  const { random } = setting
  const first = Object.keys(setting.definitions).length === 0
  const chosen = Object.entries(pool).map(([key, texts]) => {
    const before = setting.definitions[key]
    return [key, before !== undefined && random.chance(0.8) ? before : random.pick(texts)]
  })
  const points = first ? scorings[0] : random.pick(scorings)
  await define(setting, { definitions: Object.fromEntries(chosen), scoring: points!, paused: setting.paused })
}

/** Somebody pauses a segment, or lets it go on. */
export const pauseOrResume: Act = async (setting) => {
  const key = setting.random.pick(Object.keys(setting.definitions))
  const others = setting.paused.filter((each) => each !== key)
  const paused = others.length < setting.paused.length ? others : [...others, key]
  await define(setting, { ...setting, paused })
}

/** Who asks for what is unknown just now is refused, and nothing was applied. */
async function define(
  setting: Setting,
  wanted: Pick<Setting, 'definitions' | 'scoring' | 'paused'>,
): Promise<void> {
  const { definitions, scoring, paused } = wanted
  const { segments, ...rest } = sources(definitions, {
    points: scoring,
    levels: { cold: 0, warm: 4, hot: 10 },
  })
  const status = (key: string) => (paused.includes(key) ? 'paused' : 'active')
  try {
    await applySources(
      setting.database,
      { ...rest, segments: segments.map((each) => ({ ...each, status: status(each.key) })) },
      'UTC',
    )
    Object.assign(setting, { definitions, scoring, paused })
  } catch (error) {
    const first = Object.keys(setting.definitions).length === 0
    if ((error as { code?: string }).code !== 'INVALID_DEFINITIONS' || first) throw error
    count(setting, 'edit refused')
  }
}

const names = ['age', 'plan', 'account.size', 'purchase.value'] as const

/** Somebody gives a name another type, and all its values are read again; as long as there is no run. */
export const retypeOne: Act = async (setting) => {
  const { random, database, folder } = setting
  try {
    await retype(database, {
      name: await findName(database, random.pick(names)),
      type: random.pick(['text', 'number', 'range'] as const),
      timezone: 'UTC',
      owner: 'chaos',
      temporary: `${folder}/work`,
      waitMilliseconds: 2000,
    })
  } catch (error) {
    const { code = '' } = error as { code?: string }
    if (!['RUN_IN_PROGRESS', 'STILL_WRITING', 'UNKNOWN_NAME'].includes(code)) throw error
    count(setting, `retype refused: ${code}`)
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

/** What people do, with how often they do it. */
export const edits: readonly (readonly [number, Act])[] = [
  [3, byHand],
  [2, approveSome],
  [1, edit],
  [1, breakOrMend],
  [1, pauseOrResume],
  [1, retypeOne],
]
