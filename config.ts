import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'

const here = dirname(fileURLToPath(import.meta.url))

/** The folder that holds package.json, sql/ and templates/, from the sources and from the built package alike. */
export const packageFolder = existsSync(join(here, 'package.json')) ? here : dirname(here)

const environment = z.object({
  DATABASE_URL: z.string().min(1).optional(),
  REDIS_URL: z.string().min(1).optional(),
  TIDELINE_POSTGRES_BINARIES: z.string().min(1).optional(),
  OLIST_DIR: z.string().min(1).optional(),
  TIDELINE_FAILPOINT: z.string().min(1).optional(),
  NO_COLOR: z.string().optional(),
})

export type Config = {
  /** The user's own Postgres; without it an embedded one is started. */
  readonly databaseUrl: string | undefined
  /** BullMQ's Redis; without it BullMQ keeps its queue in Postgres. */
  readonly redisUrl: string | undefined
  /** A folder with `bin/postgres` to use in place of the embedded package's. */
  readonly postgresBinaries: string | undefined
  /** Where the Olist funnel's two files lie; its tests run only then. */
  readonly olistFolder: string | undefined
  /** Name of the point at which this process is to kill itself. For crash tests. */
  readonly failpoint: string | undefined
  readonly color: boolean
}

/** Everything the environment may say, checked once. The only reader of process.env. */
export function readConfig(source: Record<string, string | undefined> = process.env): Config {
  const values = environment.parse(
    Object.fromEntries(Object.entries(source).filter(([, value]) => value !== '')),
  )
  return Object.freeze({
    databaseUrl: values.DATABASE_URL,
    redisUrl: values.REDIS_URL,
    postgresBinaries: values.TIDELINE_POSTGRES_BINARIES,
    olistFolder: values.OLIST_DIR,
    failpoint: values.TIDELINE_FAILPOINT,
    color: values.NO_COLOR === undefined,
  })
}
