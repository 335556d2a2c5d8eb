import { migrate } from '../../pipeline/migrate.ts'
import { command, type Start } from '../command.ts'
import { plural } from '../values.ts'

export const migrateCommand = (start: Start) =>
  command('migrate', {
    summary: 'create the schema, or bring it up to date',
    description:
      'Creates the schema in the database, or brings it up to date: all or nothing, and safe while others do the same. The embedded database is migrated on the way by every command.',
    examples: [['DATABASE_URL=postgres://… tideline migrate', 'prepare your own Postgres']],
  }).action(
    start(async (cli) => {
      const { database } = await cli.open({ schema: 'left alone' })
      const { applied } = await migrate(database)
      const line =
        applied.length === 0
          ? `The schema "${database.schema}" is up to date.`
          : `The schema "${database.schema}" is up to date now: ${plural(applied.length, 'migration')} applied.`
      await cli.print({
        columns: [{ name: 'migration' }],
        rows: applied.map((migration) => ({ migration })),
        document: { schema: database.schema, applied },
        lines: [...applied.map((name) => `+ ${name}`), line],
      })
    }),
  )
