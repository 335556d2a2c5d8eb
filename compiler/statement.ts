import {
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type RawBuilder,
} from 'kysely'

/** SQL text, the same for everything of one shape, and the values that go with it. */
export type Statement = { readonly sql: string; readonly parameters: readonly unknown[] }

/** Out of the builder's parts. It never meets a database: it can only compile. */
export function toStatement(query: RawBuilder<unknown>): Statement {
  const { sql, parameters } = query.compile(builder)
  return { sql, parameters }
}

const builder = new Kysely<unknown>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
})
