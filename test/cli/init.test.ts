import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { parse as parseYaml } from 'yaml'
import { proposeEvents } from '../../cli/propose.ts'
import type { Database } from '../../pipeline/engine.ts'
import { testDatabase } from '../support/database.ts'
import { addLead } from '../support/definitions.ts'
import { deskOf, start } from './support.ts'

let database: Database
beforeEach(async () => {
  database = await testDatabase()
})
afterEach(() => database.close())

const known = (type: string, more: object = {}) => ({
  type,
  channel: null,
  activity: true,
  conversion: false,
  events: '1234',
  leads: '1',
  ...more,
})

describe('a proposed events.yaml', () => {
  test('guesses by names, and keeps what was applied', () => {
    const text = proposeEvents([
      known('crm.owner_assigned'),
      known('deal_lost'),
      known('deal_won'),
      known('email_bounced'),
      known('email_open'),
      known('email_sent'),
      known('joined', { channel: 'the street' }),
      known('odd: name', { activity: false }),
      known('page_view'),
      known('poll_answer'),
      known('poll_view'),
      known('purchase'),
      known('resent_survey'),
      known('sync_update'),
      known('yes'),
    ])
    expect(parseYaml(text).events).toEqual({
      'crm.owner_assigned': { channel: 'system', activity: false },
      deal_lost: { channel: 'deal' },
      deal_won: { conversion: true },
      email_bounced: { channel: 'email', activity: false },
      email_open: { channel: 'email' },
      email_sent: { channel: 'email', activity: false },
      joined: { channel: 'the street' },
      'odd: name': { activity: false },
      page_view: { channel: 'web' },
      poll_answer: { channel: 'poll' },
      poll_view: { channel: 'poll' },
      purchase: { conversion: true },
      resent_survey: {},
      sync_update: { channel: 'system', activity: false },
      yes: {},
    })
    expect(text).toMatch(
      /\n {2}email_sent: \{ channel: email, activity: false \} +# 1,234 events of 1 lead\n/,
    )
  })

  test('says of a type what events.yaml says, applied or not', async () => {
    const desk = deskOf(database.url)
    desk.file('tideline.yaml', '')
    desk.file('events.yaml', 'events:\n  deal_won: {}\n  email_sent: { channel: post }\n')
    const events: [string, string][] = ['deal_won', 'email_sent', 'order'].map((type) => [
      type,
      '2026-01-01T00:00:00Z',
    ])
    await addLead(database, 'a', { events })
    const proposed = async () => {
      const [{ text }] = JSON.parse((await desk.type('init --propose')).out)
      return parseYaml(text).events
    }
    const expected = { deal_won: {}, email_sent: { channel: 'post' }, order: { conversion: true } }
    expect(await proposed()).toEqual(expected)
    await desk.type('apply')
    expect(await proposed()).toEqual(expected)
  })

  test('init writes it where nobody has written one, and --propose only prints it', async () => {
    const desk = deskOf(database.url)
    const held = () => readFileSync(join(desk.folder, 'events.yaml'), 'utf8')
    const actions = async () =>
      Object.fromEntries(
        JSON.parse((await desk.type('init')).out).map((each: { file: string; action: string }) => [
          each.file,
          each.action,
        ]),
      )
    expect(await actions()).toMatchObject({ 'events.yaml': 'created' })
    expect(await actions()).toMatchObject({ 'events.yaml': 'kept' })
    await addLead(database, 'a', {
      events: [
        ['email_sent', '2026-01-01T00:00:00Z'],
        ['deal_won', '2026-01-02T00:00:00Z'],
      ],
    })
    const printed = await desk.type('init --propose --format table')
    expect(printed.out).toContain('email_sent: { channel: email, activity: false }')
    expect(held()).not.toContain('\nevents:')
    expect(await actions()).toMatchObject({ 'events.yaml': 'proposed', 'scoring.yaml': 'kept' })
    expect(held()).toMatch(/^# yaml-language-server.*\n# What there is to know about event types, proposed/)
    expect(JSON.parse((await desk.type('check')).out)).toEqual({ ok: 2, findings: [] })
    const mine = `${held()}# mine\n`
    writeFileSync(join(desk.folder, 'events.yaml'), mine)
    expect(await actions()).toMatchObject({ 'events.yaml': 'kept' })
    expect(held()).toBe(mine)
    const shown = await desk.type('init --format table')
    expect(shown.out).toContain('events.yaml  is there already; left as it is')
  })
})

describe('the templates in an empty project', () => {
  test('init says what they need, and check in one place what it waits for', async () => {
    const desk = deskOf(database.url)
    const said = await desk.type('init --templates --format table')
    const needed = `  attributes   company_size, industry, source, title
  properties   campaign, page
`
    expect(said.out).toContain(`The segments name\n\n${needed}  event types  those of events.yaml\n`)
    const empty = await desk.type('check --format table')
    expect(empty.code).toBe(1)
    expect(empty.out).toMatch(
      /^Nothing has been imported yet, so what the definitions name is not known:\n\n.*\n.*\n\n.*\n.*\n\n\d+ segments ok, the others wait for an import\.\n$/,
    )
    expect(empty.out).toContain(needed)
    const { findings } = JSON.parse((await desk.type('check')).out)
    expect(findings[3]).toMatchObject({ code: 'UNKNOWN_ATTRIBUTE', unknown: 'company_size' })
    // What is wrong all the same is said as ever.
    desk.file('segments/wrong.yaml', 'wrong:\n  where: company_size >\n')
    expect((await desk.type('check --format table')).out).toMatch(
      /^segments\/wrong\.yaml:2:\d+ {2}error {2}SYNTAX\n(.*\n)*\nNothing has .*\n(.*\n)*.* segments ok, 1 error, the others wait/,
    )
    // Once something is known, a name that is not is said in its place.
    desk.file('leads.csv', 'lead_id,company_size,industry,title\na,1,x,y\n')
    await desk.type('import leads leads.csv')
    expect((await desk.type('check --format table')).out).toContain(
      'There is no attribute "source" on leads.',
    )
  })
})

describe('check --watch', () => {
  test('checks again after each change, and ends with Ctrl-C', { timeout: 60_000 }, async () => {
    const desk = deskOf(database.url)
    desk.file('tideline.yaml', '')
    const child = start(desk.folder, ['check', '--watch', '--format', 'table'], {
      DATABASE_URL: database.url,
    })
    let out = ''
    child.stdout?.on('data', (text: Buffer) => {
      out += text
    })
    child.stderr?.on('data', (text: Buffer) => {
      out += text
    })
    const until = async (text: string) => {
      for (let tries = 0; tries < 200 && !out.includes(text); tries++) await sleep(50)
      expect(out).toContain(text)
      out = ''
    }
    await until('0 segments ok.')
    desk.file('segments/a.yaml', 'a:\n  where: everyone\n')
    await until('1 segment ok.')
    desk.file('segments/sub/b.yaml', 'b:\n  where: everyone\n')
    await until('2 segments ok.')
    desk.file('segments/sub/b.yaml', 'b:\n  where: everyone\nc:\n  where: everyone\n')
    await until('3 segments ok.')
    rmSync(join(desk.folder, 'segments/sub'), { recursive: true })
    await until('1 segment ok.')
    // As editors do it: written beside, and put in its place.
    desk.file('segments/a.yaml.tmp', 'a:\n  where: nobody at all\n')
    renameSync(join(desk.folder, 'segments/a.yaml.tmp'), join(desk.folder, 'segments/a.yaml'))
    await until('0 segments ok, 1 error.')
    desk.file('tideline.yaml', 'timezone: Nowhere\n')
    await until('BAD_SETTINGS')
    desk.file('tideline.yaml', '')
    await until('1 error.')
    desk.file('segments/a.yaml', 'a:\n  where: did viewed\n')
    desk.file('events.yaml', 'events:\n  view: {}\naliases:\n  viewed: view\n')
    await until('1 segment ok.')
    expect(out).not.toContain('\u001b')
    const ended = new Promise((resolve) => child.on('close', resolve))
    child.kill('SIGINT')
    expect(await ended).toBe(0)
  })
})
