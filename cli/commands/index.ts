import type { Command } from 'commander'
import type { Start } from '../command.ts'
import { apply } from './apply.ts'
import { backfillCommand } from './backfill.ts'
import { catalog } from './catalog.ts'
import { changes } from './changes.ts'
import { check } from './check.ts'
import { db } from './db.ts'
import { demo } from './demo.ts'
import { flow } from './flow.ts'
import { fmt } from './fmt.ts'
import { history } from './history.ts'
import { importCommand } from './import.ts'
import { init } from './init.ts'
import { lead } from './lead.ts'
import { members } from './members.ts'
import { migrateCommand } from './migrate.ts'
import { overrideCommand } from './override.ts'
import { plan } from './plan.ts'
import { preview } from './preview.ts'
import { quality } from './quality.ts'
import { query } from './query.ts'
import { report } from './report.ts'
import { runCommand } from './run.ts'
import { runs } from './runs.ts'
import { schema } from './schema.ts'
import { score } from './score.ts'
import { segments } from './segments.ts'
import { snapshot } from './snapshot.ts'
import { sql } from './sql.ts'
import { versions } from './versions.ts'
import { why } from './why.ts'
import { workerCommand } from './worker.ts'

/** Every command, in the order in which they are met. */
export const commands: readonly { readonly group: string; readonly define: (start: Start) => Command }[] = [
  { group: 'Define', define: init },
  { group: 'Define', define: check },
  { group: 'Define', define: fmt },
  { group: 'Define', define: preview },
  { group: 'Define', define: plan },
  { group: 'Define', define: apply },
  { group: 'Define', define: versions },
  { group: 'Define', define: catalog },
  { group: 'Define', define: sql },
  { group: 'Define', define: schema },
  { group: 'Run', define: importCommand },
  { group: 'Run', define: runCommand },
  { group: 'Run', define: workerCommand },
  { group: 'Run', define: backfillCommand },
  { group: 'Run', define: snapshot },
  { group: 'Run', define: overrideCommand },
  { group: 'Look', define: segments },
  { group: 'Look', define: members },
  { group: 'Look', define: lead },
  { group: 'Look', define: why },
  { group: 'Look', define: score },
  { group: 'Look', define: history },
  { group: 'Look', define: changes },
  { group: 'Look', define: flow },
  { group: 'Look', define: report },
  { group: 'Look', define: quality },
  { group: 'Look', define: query },
  { group: 'Operate', define: migrateCommand },
  { group: 'Operate', define: runs },
  { group: 'Operate', define: db },
  { group: 'Operate', define: demo },
]
