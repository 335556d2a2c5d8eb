import { Option } from 'commander'
import type { CatalogType } from '../../compiler/index.ts'
import { UserError } from '../../pipeline/errors.ts'
import { type CatalogName, findName } from '../../pipeline/names.ts'
import { planRetype, type Retyped, retype, said } from '../../pipeline/retype.ts'
import type { Cli } from '../cli.ts'
import { command, type Start } from '../command.ts'
import { WrongUsage } from '../errors.ts'
import type { Answer } from '../output.ts'
import { author, owner } from '../runs.ts'
import { plural, printable, thousands, wrap } from '../values.ts'

const types: readonly CatalogType[] = ['text', 'number', 'boolean', 'instant', 'range', 'json']

type Options = {
  of?: 'leads' | 'accounts'
  event?: string
  dryRun?: boolean
  wait?: number
  values: boolean
}

export const catalogSet = (start: Start) =>
  command('set', {
    summary: 'give a name another type, and read its stored values again',
    description:
      'Gives an attribute or property another type, and reads every stored value of it again: those it has and those it had. A value that is not of the type stays as it is and counts as missing; before one is lost from sight that was not, you are asked. A range ("501-1000", "10,000+", ">500") is stored as the number it begins with. A list or an object in JSON that was written as text becomes json; any other value stays, and counts as a list of one.',
    examples: [
      ['tideline catalog set company_size range', 'an attribute of leads'],
      ['tideline catalog set account.plan text', 'an attribute of accounts'],
      ['tideline catalog set tags json', 'lists that a CSV file wrote as text: ["vip","beta"]'],
      [
        'tideline catalog set page_view.seconds number --dry-run',
        'a property of an event type: what would it do?',
      ],
      ['tideline catalog set seconds number --event page.view', 'where the names hold dots themselves'],
    ],
  })
    .argument('<NAME>', 'an attribute of leads, account.NAME, or EVENT.NAME')
    .argument('<TYPE>', types.join(', '))
    .addOption(new Option('--of <WHOSE>', 'NAME is an attribute of these').choices(['leads', 'accounts']))
    .option('--event <EVENT>', 'NAME is a property of this event type')
    .option('--dry-run', 'say what it would do, and change nothing')
    .option('--no-values', 'do not show the values that can not be read')
    .action(
      start(async (cli, text: string, type: string, options: Options) => {
        const { database, project, temporary } = await cli.open()
        const name = await findName(database, text, {
          of: options.of && (options.of === 'leads' ? 'lead' : 'account'),
          event: options.event,
        })
        const asked = {
          name,
          type: typeOf(type),
          timezone: project.settings.timezone,
          owner: owner(),
          by: author(),
          temporary,
        }
        const plan = await planRetype(database, asked)
        const harmful = plan.lost > 0 || plan.broken.length > 0
        if (options.dryRun) return cli.print(answer(cli, asked, plan, options, false))
        if (harmful) await confirm(cli, name, asked.type, plan)
        await cli.print(answer(cli, asked, await retype(database, asked), options, true))
      }),
    )

function typeOf(text: string): CatalogType {
  const found = types.find((type) => type === text)
  if (found) return found
  throw new WrongUsage({
    code: 'UNKNOWN_TYPE',
    message: `There is no type "${text}".`,
    hint: `A type is one of ${types.join(', ')}.`,
  })
}

async function confirm(cli: Cli, name: CatalogName, type: CatalogType, plan: Retyped): Promise<void> {
  const keys = plan.broken.map(({ segment }) => segment)
  const list = keys.length > 5 ? `${keys.slice(0, 5).join(', ')}, …` : keys.join(', ')
  const what = [
    ...(plan.lost > 0 ? [`${plural(plan.lost, 'value')} would count as missing from now on`] : []),
    ...(keys.length > 0 ? [`${plural(keys.length, 'segment')} could no longer be evaluated (${list})`] : []),
  ].join(', and ')
  const sentence = `With ${said(name)} as ${type}, ${what}.`
  if (await cli.confirmed(`${sentence} Go on?`)) return
  throw new UserError({
    code: 'NOT_CONFIRMED',
    message: `${sentence} Nothing was changed.`,
    hint: '--dry-run shows more, --yes goes ahead. The values themselves stay stored as they are.',
  })
}

type Asked = { readonly name: CatalogName; readonly type: CatalogType }

function answer(cli: Cli, { name, type }: Asked, plan: Retyped, options: Options, applied: boolean): Answer {
  const unreadable = options.values ? plan.unreadable : []
  const row = {
    subject: name.subject,
    event: name.eventType === '' ? null : name.eventType,
    name: name.name,
    before: plan.before,
    after: type,
    known: plan.known,
    typed_before: plan.typedBefore,
    typed_after: plan.typedAfter,
    gained: plan.gained,
    lost: plan.lost,
    changed: plan.changed,
    history: plan.history,
    applied,
  }
  return {
    columns: Object.keys(row).map((column) => ({ name: column })),
    rows: [row],
    document: {
      ...row,
      ...(options.values ? { unreadable, unreadable_different: plan.unreadableDifferent } : {}),
      segments: plan.segments,
      broken: plan.broken,
    },
    lines: [...figures(row), ...consequences(cli, plan, options, applied)],
  }
}

function figures(row: {
  subject: string
  event: string | null
  name: string
  before: string
  after: string
  known: number
  typed_before: number
  typed_after: number
}): string[] {
  const of = row.event ? `of ${row.event}` : `of ${row.subject}s`
  const margin = Math.max(row.before.length, row.after.length, 7)
  const line = (title: string, was: number, is: number) =>
    `  ${title.padEnd(17)}${thousands(String(was)).padStart(margin + 5)}${thousands(String(is)).padStart(margin + 5)}`
  const before = others(row.before, row.known - row.typed_before)
  const after = others(row.after, row.known - row.typed_after)
  return [
    `${row.name} ${of}`,
    '',
    `  ${''.padEnd(17)}${row.before.padStart(margin + 5)}${row.after.padStart(margin + 5)}`,
    line('of the type', row.typed_before, row.typed_after),
    line('count as missing', before.missing, after.missing),
    ...(before.single + after.single > 0 ? [line('are lists of one', before.single, after.single)] : []),
    '',
  ]
}

/** What is not of its name's type counts as missing; among json it is a single value. */
function others(type: string, count: number): { missing: number; single: number } {
  return type === 'json' ? { missing: 0, single: count } : { missing: count, single: 0 }
}

function consequences(cli: Cli, plan: Retyped, options: Options, applied: boolean): string[] {
  // The history holds what is there now as well.
  const earlier = plan.history - plan.changed
  const samples = plan.unreadable.map(
    ({ value, count }) => `"${printable(value)}" × ${thousands(String(count))}`,
  )
  const more = plan.unreadableDifferent - samples.length
  if (more > 0) samples.push(`and ${plural(more, 'other value')}`)
  const lines = [
    ...(samples.length > 0 && options.values ? wrap(`Not of the type: ${samples.join(', ')}.`, 98) : []),
    ...(earlier > 0
      ? [`${plural(earlier, 'earlier value')} ${earlier === 1 ? 'is' : 'are'} read again too.`]
      : []),
    ...(plan.segments.length > 0
      ? wrap(
          `${plural(plan.segments.length, 'segment')} with a new version: ${plan.segments.join(', ')}.`,
          98,
        )
      : []),
    ...plan.broken.flatMap(({ segment, message }) =>
      wrap(`${cli.paint.yellow('broken')}  ${segment}: ${message}`, 98),
    ),
  ]
  const nothing = plan.changed + plan.history === 0
  if (!applied) return [...lines, 'Nothing was changed: this is what it would do.']
  return [
    ...lines,
    nothing ? 'No stored value had to be changed.' : `${plural(plan.changed, 'value')} stored anew.`,
    ...(plan.segments.length > 0 ? ['Members follow with the next run: `tideline run`.'] : []),
  ]
}
