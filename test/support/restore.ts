import { pipeline } from 'node:stream/promises'
import { from as copyFrom, to as copyTo } from 'pg-copy-streams'
import { type Database, inTransaction } from '../../pipeline/engine.ts'

/**
 * What pg_dump and psql do with a database: every table's rows by COPY into another migrated one, whatever stands there
 * removed before, and the sequences go on where they were.
 */
export async function restore(from: Database, to: Database): Promise<void> {
  await from.session(async (source) => {
    await source.query('begin isolation level repeatable read')
    const { rows: tables } = await source.query<{ name: string; columns: string }>(
      `select c.relname as name, string_agg(quote_ident(a.attname), ', ' order by a.attnum) as columns
       from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
       where c.relkind = 'r' and c.relnamespace = $1::text::regnamespace and c.relname <> 'migrations'
         and a.attgenerated = ''
       group by c.relname order by c.relname`,
      [from.schema],
    )
    const { rows: sequences } = await source.query<{ name: string; value: string | null }>(
      `select sequencename as name, last_value as value from pg_sequences where schemaname = $1::text`,
      [from.schema],
    )
    await to.session((target) =>
      inTransaction(target, async () => {
        await target.query(`set local session_replication_role = replica`)
        await target.query(`truncate ${tables.map(({ name }) => name).join(', ')}`)
        for (const { name, columns } of tables) {
          const text = `copy ${name} (${columns})`
          await pipeline(
            source.query(copyTo(`${text} to stdout`)),
            target.query(copyFrom(`${text} from stdin`)),
          )
        }
        for (const { name, value } of sequences)
          if (value !== null)
            await target.query('select setval($1::text::regclass, $2::bigint)', [name, value])
      }),
    )
    await source.query('rollback')
  })
}
