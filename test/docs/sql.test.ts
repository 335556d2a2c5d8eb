import { afterAll, expect, test } from 'vitest'
import { testDatabase } from '../support/database.ts'

const database = await testDatabase()
afterAll(() => database.close())

type Column = { view: string; about: string; column: string; type: string; meaning: string | null }

const introduction = `# Views

What analysts and other programs may rely on. Ids are your own; instants are UTC; everything lies in the schema that
tideline.yaml names (default \`tideline\`). Tables may change between versions, views and what stands behind them here
don't without a note.

\`tideline query "select …"\` prints any of them, on a machine without psql as well.
`

test('docs/sql.md says of every view, and of functions for analysts, what the database says of it', async () => {
  const columns = await database.query<Column>(
    `select c.relname as view, obj_description(c.oid, 'pg_class') as about, a.attname as column,
       format_type(a.atttypid, a.atttypmod) as type, col_description(c.oid, a.attnum) as meaning
     from pg_class c
     join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
     where c.relkind = 'v' and c.relnamespace = $1::text::regnamespace
     order by c.relname, a.attnum`,
    [database.schema],
  )
  const undocumented = columns.filter((each) => !each.meaning || !each.about)
  expect(undocumented).toEqual([])
  const views = [...new Set(columns.map((each) => each.view))]
  const pages = views.map((view) => {
    const own = columns.filter((each) => each.view === view)
    const lines = own.map((each) => `| \`${each.column}\` | ${each.type} | ${each.meaning} |`)
    return `\n## \`${view}\`\n\n${own[0]!.about}\n\n| column | type | means |\n|---|---|---|\n${lines.join('\n')}\n`
  })
  const functions = await database.query<{ name: string; takes: string; gives: string; about: string }>(
    `select proname as name, pg_get_function_arguments(oid) as takes, pg_get_function_result(oid) as gives,
       obj_description(oid, 'pg_proc') as about
     from pg_proc where pronamespace = $1::text::regnamespace and obj_description(oid, 'pg_proc') is not null order by 1`,
    [database.schema],
  )
  for (const { name, takes, gives, about } of functions) {
    pages.push(`\n## \`${name}(${takes})\`\n\n${about}\n\nGives a ${gives.toLowerCase()}.\n`)
  }
  await expect(introduction + pages.join('')).toMatchFileSnapshot('../../docs/sql.md')
})
