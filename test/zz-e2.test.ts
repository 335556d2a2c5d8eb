import { test } from 'vitest'
import { testDatabase } from './support/database.ts'
import { statement } from '../pipeline/sql.ts'
test('look', async () => {
  const database = await testDatabase({ max: 6 })
  await database.query(`insert into event_types (type) select 't' || i from generate_series(0, 19) i`)
  await database.query(`insert into events (event_id, lead_id, type, occurred_at)
    select i::text, i % 50000, 't' || (i % 20), clock_timestamp() - interval '400 days' + i * interval '400 days' / 1500000 from generate_series(1, 1500000::bigint) i`)
  await database.query('analyze events')
  for (let k = 0; k < 2; k++) {
    const rows = await database.query<{ 'QUERY PLAN': string }>(`explain (analyze, costs off, timing off, summary on) ${statement('reads/status_events')}`)
    console.log(rows.map((r) => r['QUERY PLAN']).join('\n'))
  }
  await database.close()
}, 200000)
