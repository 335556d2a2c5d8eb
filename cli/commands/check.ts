import { checkSources } from '../../pipeline/apply.ts'
import { readCatalog } from '../../pipeline/catalog.ts'
import { readSources } from '../../pipeline/project/sources.ts'
import { warnOfStoredTypes } from '../../pipeline/quality.ts'
import { planRenames } from '../../pipeline/renames.ts'
import { command, type Start } from '../command.ts'
import { findingLines } from '../errors.ts'
import { plural } from '../values.ts'

export const check = (start: Start) =>
  command('check', {
    summary: 'are the definitions right? Says where they are not',
    description:
      'Compiles all definitions against what the database knows, and changes nothing. Each error says where it stands, what was understood and what to do. Exit code 1 if there is one.',
    examples: [['tideline check', 'all of segments/*.yaml, scoring.yaml and events.yaml']],
  }).action(
    start(async (cli) => {
      const { database, project } = await cli.open()
      const sources = readSources(project)
      const stored = await readCatalog(database, [])
      const checked = checkSources(sources, stored, project.settings.timezone)
      const { compiled } = checked
      const findings = [
        ...checked.findings,
        ...(await planRenames(database, sources.segments)).findings,
        ...(await warnOfStoredTypes(database, sources.segments, compiled)),
      ]
      const errors = findings.filter((finding) => finding.severity === 'error').length
      const ok = [...compiled.values()].filter((each) => each.predicate).length
      const warnings = findings.length - errors
      const summary = [
        `${plural(ok, 'segment')} ok`,
        ...(warnings > 0 ? [plural(warnings, 'warning')] : []),
        ...(errors > 0 ? [cli.paint.red(plural(errors, 'error'))] : []),
      ].join(', ')
      await cli.print({
        columns: [
          { name: 'file' },
          { name: 'line', kind: 'number' },
          { name: 'column', kind: 'number' },
          { name: 'severity' },
          { name: 'code' },
          { name: 'message' },
          { name: 'hint' },
        ],
        rows: findings,
        document: { ok, findings },
        lines: [...findings.flatMap((finding) => [...findingLines(finding, cli.paint), '']), `${summary}.`],
      })
      return errors > 0 ? 1 : 0
    }),
  )
