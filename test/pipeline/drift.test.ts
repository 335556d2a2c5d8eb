import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openLake } from '../../pipeline/lake/lake.ts'
import { readStatus } from '../../pipeline/status.ts'
import { testDatabase } from '../support/database.ts'
import { addLead, apply, history, members, runAsOf } from '../support/definitions.ts'

const right = { members: '3', score_sum: '3.000000' }
const at = (hour: number) => `2026-03-01T0${hour}:00:00.000000Z`

test.each(['postgres', 'duckdb'])(
  'what is wrong in members, scores and figures is counted by a full run in %s, with some of the leads, and mended',
  async (engine) => {
    const database = await testDatabase()
    const folder = mkdtempSync(join(tmpdir(), 'tideline-drift-'))
    onTestFinished(async () => {
      await database.close()
      rmSync(folder, { recursive: true, force: true })
    })
    const over = engine === 'duckdb' ? { lake: openLake(folder) } : {}
    for (const id of ['a', 'b', 'c']) {
      await addLead(database, id, {
        attributes: { plan: 'pro' },
        events: [['click', '2026-02-28T12:00:00Z']],
      })
    }
    await apply(database, { pro: 'plan = "pro"', clicked: 'did click' }, { points: { click: 1 } })
    await runAsOf(database, at(0), over)
    expect(await runAsOf(database, at(1), { ...over, full: true })).toMatchObject({ engine, drift: 0 })
    await database.query(
      `delete from membership where lead_id = 2 and segment_id = (select segment_id from segments where key = 'pro')`,
    )
    await database.query('update lead_scores set value = 7 where lead_id = 3')
    await database.query('update segment_stats set score_sum = score_sum + 5')
    const found = await runAsOf(database, at(2), { ...over, full: true })
    expect(found).toMatchObject({ engine, drift: 2 })
    expect((await history(database, 'pro')).at(-1)).toBe('b entered repair 2026-03-01T02:00Z')
    expect(await members(database, 'pro')).toEqual(['a', 'b', 'c'])
    expect(await database.query('select value from lead_scores where lead_id = 3')).toEqual([
      { value: '1.000000' },
    ])
    const figures = `select members, score_sum from segment_stats where as_of = $1::timestamptz order by segment_id`
    expect(await database.query(figures, [at(2)])).toEqual([right, right])
    const { drift } = await readStatus(database)
    expect(drift).toEqual([
      { segment: 'pro', leads: '1', sample: ['b'] },
      { segment: null, leads: '1', sample: ['c'] },
    ])
    expect(await runAsOf(database, at(3), { ...over, full: true })).toMatchObject({ drift: 0 })
  },
)
