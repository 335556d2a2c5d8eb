import { Argument } from 'commander'
import { type SchemaName, schemaNames, schemaOf } from '../../pipeline/project/schemas.ts'
import { command, type Start } from '../command.ts'

export const schema = (start: Start) =>
  command('schema', {
    summary: 'JSON Schemas of the files, for editors and programs',
    description:
      'The JSON Schema of tideline.yaml, files of segments/, events.yaml, scoring.yaml or imports.yaml, or of the JSON form of a definition. `init` and `check` keep them in .tideline/schemas/, and the files that `init` writes name them, so that editors complete and underline.',
    examples: [
      ['tideline schema segments', 'of files of segments/'],
      ['tideline schema definition --output definition.json', 'of the JSON form, into a file'],
      ['tideline schema', 'which there are'],
    ],
  })
    .addArgument(new Argument('[NAME]', 'of what').choices(schemaNames))
    .action(
      start(async (cli, name: SchemaName | undefined) => {
        if (name === undefined) {
          const rows = schemaNames.map((each) => ({ schema: each, of: String(schemaOf(each).title) }))
          return cli.print({ columns: [{ name: 'schema' }, { name: 'of' }], rows })
        }
        // It is JSON, whoever reads it.
        cli.prefer('json')
        const document = schemaOf(name)
        const lines = [JSON.stringify(document, null, 2)]
        await cli.print({
          columns: [{ name: 'schema', kind: 'json' }],
          rows: [{ schema: document }],
          document,
          lines,
        })
      }),
    )
