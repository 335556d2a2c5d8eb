import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { removeServer } from '../../pipeline/embedded.ts'
import { errorOf, newFolder, typed, writeInto } from './support.ts'

// It has a database of its own, whatever the environment says.
const elsewhere = { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' }

describe('demo', () => {
  test('makes a world, shows it, and what it says to try next works as printed', {
    timeout: 300_000,
  }, async () => {
    const folder = newFolder()
    onTestFinished(() => removeServer(join(folder, 'demo', '.tideline')))
    const say = (...line: string[]) => typed(folder, line, elsewhere)

    const first = await say('demo')
    expect(first.code, first.err).toBe(0)
    const [head = '', , titles = '', ...rest] = first.out.split('\n')
    expect(head).toMatch(
      /^tideline {2}demo\/ {2}· {2}embedded PostgreSQL 18\.\d+ {2}· {2}as of \d{4}-\d\d-\d\d 00:00 UTC {2}· {2}run 14, /,
    )
    expect(titles).toMatch(/^SEGMENT +MEMBERS +SHARE +ENTERED 7 D +LEFT 7 D +SCORE +14 DAYS$/)
    const rows = rest.slice(0, rest.indexOf(''))
    expect(rows.length).toBeGreaterThan(20)
    expect(
      rows.every((row) => /^[a-z-]+ +[\d,]+ +\d+\.\d % +[\d,]+ +[\d,]+ +[\d,]+\.\d {2}[▁-█]{14}$/.test(row)),
    ).toBe(true)
    expect(first.out.split('\n').every((line) => line.length <= 100)).toBe(true)
    expect(first.err).toMatch(/importing [\d,]+ events +[\d.]+ s\n/)
    expect(JSON.parse((await say('--project', 'demo', 'db', 'status')).out)).toMatchObject({ running: false })

    const again = await say('demo')
    expect(again.out).toContain(rows.join('\n'))
    expect(again.out).toContain('`demo --clean` begins anew')

    const lines = first.out.split('\n').filter((line) => line.includes('npm run -s tideline -- '))
    expect(lines.length).toBeGreaterThan(3)
    for (const line of lines) {
      const printed = line.trim().split(/ {2,}/)[0] ?? ''
      const words = printed.replace('npm run -s tideline -- ', '').match(/"[^"]*"|\S+/g) ?? []
      const { code, err } = await say(...words.map((word) => word.replaceAll('"', '')))
      expect(code, `${printed}: ${err}`).toBe(0)
    }
    const report = JSON.parse((await say('--project', 'demo', 'report', 'trial-users')).out)
    expect(report[0].converted).toBeGreaterThan(0)
    expect(report[0].top_events).toHaveLength(10)
    await say('--project', 'demo', 'db', 'stop')
  })

  test('leaves alone what it did not make, even when told to begin anew', async () => {
    const folder = newFolder()
    writeInto(folder, 'demo/precious.txt', 'mine')
    for (const line of [['demo'], ['demo', '--clean']]) {
      const said = await typed(folder, line, elsewhere)
      expect(said.code).toBe(1)
      expect(errorOf(said).code).toBe('NOT_A_DEMO')
    }
    expect(readFileSync(join(folder, 'demo/precious.txt'), 'utf8')).toBe('mine')
    expect(existsSync(join(folder, 'demo/.tideline'))).toBe(false)
  })
})
