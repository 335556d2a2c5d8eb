import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Io } from '../../cli/io.ts'
import { type Answer, formatOf, printAnswer } from '../../cli/output.ts'
import { progressBar } from '../../cli/progress.ts'
import { type Column, renderTable } from '../../cli/table.ts'
import { cut, exact, instant, show, sparkline, thousands, widthOf } from '../../cli/values.ts'
import { readConfig } from '../../config.ts'
import { newFolder } from './support.ts'

const answer: Answer = {
  columns: [
    { name: 'segment' },
    { name: 'members', kind: 'count' },
    { name: 'share', kind: 'share' },
    { name: 'score', kind: 'score' },
    { name: 'note' },
  ],
  rows: [
    { segment: 'very-hot', members: '312', share: '0.0156', score: '88.29', note: 'says "hi", twice' },
    { segment: 'dormant', members: '1009873', share: '0.494', score: '2', note: '' },
    { segment: 'new', members: null, share: null, score: null, note: null },
  ],
}

async function printed(format: 'table' | 'json' | 'ndjson' | 'csv', given: Answer = answer): Promise<string> {
  let text = ''
  const sink = {
    isTerminal: false,
    write(more: string) {
      text += more
    },
  }
  await printAnswer({ cwd: '/', config: readConfig({}), out: sink, err: sink }, given, { format })
  return text
}

describe('one way to print', () => {
  test('a table has aligned columns, numbers to the right, and – where there is nothing', async () => {
    expect(await printed('table')).toBe(
      [
        'SEGMENT     MEMBERS   SHARE  SCORE  NOTE',
        'very-hot        312   1.6 %   88.2  says "hi", twice',
        'dormant   1,009,873  49.4 %    2.0',
        'new               –       –      –  –',
        '',
      ].join('\n'),
    )
  })

  test('CSV quotes what needs it, and tells empty from missing', async () => {
    expect(await printed('csv')).toBe(
      [
        'segment,members,share,score,note',
        'very-hot,312,0.0156,88.29,"says ""hi"", twice"',
        'dormant,1009873,0.494,2,""',
        'new,,,,',
        '',
      ].join('\n'),
    )
  })

  test('JSON has numbers as numbers', async () => {
    expect(JSON.parse(await printed('json'))[0]).toEqual({
      segment: 'very-hot',
      members: 312,
      share: 0.0156,
      score: 88.29,
      note: 'says "hi", twice',
    })
    expect(JSON.parse(await printed('json', { ...answer, rows: [] }))).toEqual([])
    expect(
      (await printed('ndjson'))
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).segment),
    ).toEqual(['very-hot', 'dormant', 'new'])
  })

  test('a number that JSON readers would round stays text', () => {
    expect(exact('12.500000')).toBe(12.5)
    expect(exact('-0.25')).toBe(-0.25)
    expect(exact('9007199254740993')).toBe('9007199254740993')
    expect(exact(9007199254740993n)).toBe('9007199254740993')
    expect(exact('0.1234567890123456789')).toBe('0.1234567890123456789')
    expect(exact('NaN')).toBe('NaN')
  })

  test('the table is what a terminal gets, JSON what anything else gets, and a file what its ending says', () => {
    const io = (isTerminal: boolean) => ({ out: { isTerminal } }) as Io
    expect(formatOf(io(true), {})).toBe('table')
    expect(formatOf(io(false), {})).toBe('json')
    expect(formatOf(io(false), { format: 'csv' })).toBe('csv')
    expect(formatOf(io(true), { output: 'x.csv' })).toBe('csv')
    expect(formatOf(io(true), { output: 'x' })).toBe('json')
    expect(() => formatOf(io(true), { output: 'x.xlsx' })).toThrow('does not say in which format')
    expect(formatOf(io(true), { output: 'plan.md' })).toBe('markdown')
  })

  test('that there is more stands below a table, and beside a file', async () => {
    const folder = newFolder()
    const said: string[] = []
    const err = { isTerminal: false, write: (text: string) => void said.push(text) }
    const out = { isTerminal: true, write: (text: string) => void said.push(text) }
    const io: Io = { cwd: folder, config: readConfig({}), out, err }
    const cut = { ...answer, more: '1 of 2' }
    await printAnswer(io, cut, { format: 'csv', output: 'a.csv' })
    expect(readFileSync(join(folder, 'a.csv'), 'utf8')).not.toContain('1 of 2')
    expect(said).toEqual(['1 of 2\n'])
    await printAnswer(io, cut, { format: 'table' })
    expect(said.at(-1)).toMatch(/\n\n1 of 2\n$/)
    expect(said).toHaveLength(2)
  })

  test('a file appears whole or not at all', async () => {
    const folder = newFolder()
    const io = { cwd: folder, config: readConfig({}) } as Io
    await printAnswer(io, answer, { format: 'csv', output: 'a.csv' })
    expect(readFileSync(join(folder, 'a.csv'), 'utf8')).toContain('very-hot,312')
    const breaks = async function* () {
      yield { segment: 'first' }
      throw new Error('the connection ended')
    }
    await expect(
      printAnswer(io, { ...answer, rows: breaks() }, { format: 'csv', output: 'b.csv' }),
    ).rejects.toThrow('ended')
    expect(existsSync(join(folder, 'b.csv'))).toBe(false)
    writeFileSync(join(folder, 'file'), '')
    await expect(printAnswer(io, answer, { format: 'csv', output: 'file/c.csv' })).rejects.toMatchObject({
      code: 'CANT_WRITE',
    })
    expect(readdirSync(folder).sort()).toEqual(['a.csv', 'file'])
  })
})

describe('a table', () => {
  const wide = { name: 'text' }
  test('cuts text to 100 columns', () => {
    const lines = renderTable([wide, { name: 'n', kind: 'count' }], [{ text: 'x'.repeat(200), n: 5 }], 100)
    expect(lines.every((line) => widthOf(line) <= 100)).toBe(true)
    expect(lines[1]).toMatch(/^x+… +5$/)
  })

  test('leaves out what can be spared before it becomes records, the last one first', () => {
    const columns: Column[] = [
      { name: 'run', kind: 'number' },
      { name: 'origin', spare: true },
      { name: 'leads', kind: 'count', spare: true },
      { name: 'took', kind: 'milliseconds' },
    ]
    const rows = [{ run: 1, origin: 'slot', leads: 1_000_000, took: 355_000 }]
    const titles = (width: number) => renderTable(columns, rows, width)[0]!.split(/ +/).filter(Boolean)
    expect(titles(100)).toEqual(['RUN', 'ORIGIN', 'LEADS', 'TOOK'])
    const long = [{ ...rows[0], leads: '9'.repeat(80) }]
    expect(renderTable(columns, long, 100)).toEqual(['RUN  ORIGIN        TOOK', '  1  slot    5 min 55 s'])
    const longer = [{ ...rows[0], run: '9'.repeat(60), leads: '9'.repeat(80) }]
    expect(renderTable(columns, longer, 100)[0]).toMatch(/^ +RUN +ORIGIN +TOOK$/)
    expect(renderTable(columns, [{ ...rows[0], run: '9'.repeat(99) }], 100)[0]).toMatch(/^RUN {3}9/)
  })

  test('becomes records where its columns can not be made to fit', () => {
    const columns = Array.from({ length: 20 }, (_, index) => ({
      name: `number_${index}`,
      kind: 'count' as const,
    }))
    const lines = renderTable(columns, [Object.fromEntries(columns.map(({ name }) => [name, 1]))], 100)
    expect(lines[0]).toBe('NUMBER 0   1')
    expect(lines).toHaveLength(20)
  })

  test('counts what characters take on a terminal', () => {
    const lines = renderTable(
      [wide, { name: 'other' }],
      [
        { text: '日本', other: 'a' },
        { text: 'café', other: 'b' },
      ],
      100,
    )
    expect(lines.slice(1)).toEqual(['日本  a', 'café  b'])
    expect(cut('日本語テキスト', 5)).toBe('日本…')
  })

  test('lets no value move the cursor', () => {
    expect(show('a\u001b[2Jb\nc\u0007', 'text')).toBe('a\uFFFD[2Jb c\uFFFD')
  })
})

describe('values', () => {
  test('thousands', () => {
    expect(['0', '-1234567', '1234.5000', '12', '1e30'].map(thousands)).toEqual([
      '0',
      '-1,234,567',
      '1,234.5',
      '12',
      '1e30',
    ])
  })
  test('how long', () => {
    const said = [12, 1_500, 119_949, 355_000, 179_999, 3_600_000].map((value) => show(value, 'milliseconds'))
    expect(said).toEqual(['12 ms', '1.5 s', '119.9 s', '5 min 55 s', '3 min 0 s', '60 min 0 s'])
  })
  test('a score is rounded down', () => {
    expect(['24.999999', '25', '1234.56', '-0.05'].map((value) => show(value, 'score'))).toEqual([
      '24.9',
      '25.0',
      '1,234.5',
      '-0.1',
    ])
  })
  test('an instant', () => {
    expect(instant('2026-11-23T00:00:00.000000Z')).toBe('2026-11-23 00:00')
    expect(instant('2026-11-23 12:30:05.25+00')).toBe('2026-11-23 12:30:05')
    expect(instant('2026-11-23 12:30:05.25+00', { exact: true })).toBe('2026-11-23 12:30:05.25')
    expect(instant('infinity')).toBe('infinity')
  })
  test('a sparkline of what hardly moves is flat', () => {
    expect(sparkline([1000, 1001, 1000])).toBe('▅▅▅')
    expect(sparkline([null, 0, 50, 100])).toBe(' ▁▅█')
    expect(sparkline([0, 0])).toBe('▅▅')
    expect(sparkline([])).toBe('')
  })
})

describe('progress', () => {
  const told = (everySeconds?: number): string => {
    let text = ''
    const sink = {
      isTerminal: false,
      write(more: string) {
        text += more
      },
    }
    const bar = progressBar(
      { cwd: '/', config: readConfig({}), out: sink, err: sink },
      'backfill',
      'instants',
      everySeconds,
    )
    bar.update(12, 1000, 61)
    bar.update(13, 1000)
    bar.stop()
    return text
  }

  test('where nobody sits at a terminal is a line now and then', () => {
    expect(told(0)).toBe(
      'backfill: 12 of 1,000 instants, about 61.0 s left\nbackfill: 13 of 1,000 instants\n',
    )
    expect(told()).toBe('')
  })
})
