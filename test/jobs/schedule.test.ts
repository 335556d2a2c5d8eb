import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkSlots, defaultSlots, dueSlots, nextSlots } from '../../jobs/schedule.ts'

const at = (text: string) => `2026-11-23T${text}.000000Z`
const due = (
  lastApplied: string | null,
  now: string,
  more: { pattern?: string; catchUp?: number; limit?: number } = {},
) => dueSlots({ pattern: defaultSlots, lastApplied, now, catchUp: 7 * 86_400, ...more })

describe('which slots are due', () => {
  test('those after the last applied run that have come, oldest first', () => {
    expect(due(at('09:00:00'), at('12:30:00'))).toEqual([at('10:00:00'), at('11:00:00'), at('12:00:00')])
    expect(due('2026-11-23T09:59:59.999999Z', '2026-11-23T10:00:00.000000Z')).toEqual([at('10:00:00')])
    expect(due(at('10:00:00'), '2026-11-23T10:59:59.999999Z')).toEqual([])
    expect(due('2026-11-23T10:00:00.000001Z', at('11:00:00'))).toEqual([at('11:00:00')])
  })

  test('a run by hand between two slots does not take the place of the next one', () => {
    expect(due('2026-11-23T11:17:04.123456Z', at('12:30:00'))).toEqual([at('12:00:00')])
  })

  test('only the newest one where nothing was ever applied', () => {
    expect(due(null, at('12:30:00'))).toEqual([at('12:00:00')])
    expect(due(null, '2026-11-23T12:30:00.999999Z', { pattern: '* * * * * *' })).toEqual([at('12:30:00')])
  })

  test('those older than the catch-up window are given up, but never the newest', () => {
    expect(due(at('01:00:00'), at('12:30:00'), { catchUp: 2 * 3600 })).toEqual([
      at('11:00:00'),
      at('12:00:00'),
    ])
    expect(due(at('01:00:00'), at('12:00:00'), { catchUp: 2 * 3600 })).toEqual([
      at('10:00:00'),
      at('11:00:00'),
      at('12:00:00'),
    ])
    expect(due(at('01:00:00'), at('12:30:00'), { catchUp: 60 })).toEqual([at('12:00:00')])
    expect(
      due('2026-11-20T00:00:00.000000Z', at('05:00:00'), { pattern: '0 0 * * *', catchUp: 3600 }),
    ).toEqual([at('00:00:00')])
  })

  test('no more than asked for, and quickly, after a long time with slots every second', () => {
    const slots = due('2026-11-20T00:00:00.500000Z', at('00:00:00'), { pattern: '* * * * * *', limit: 2 })
    expect(slots).toEqual(['2026-11-20T00:00:01.000000Z', '2026-11-20T00:00:02.000000Z'])
  })

  test('none where the newest was applied, or the clock went back', () => {
    expect(due(at('12:00:00'), at('12:30:00'))).toEqual([])
    expect(due(at('12:00:00'), at('11:30:00'))).toEqual([])
  })

  test('applying what is due, one after the other, runs every slot of the window once and in order', () => {
    const patterns = fc.constantFrom(
      '* * * * * *',
      '*/7 * * * * *',
      '*/5 * * * *',
      '0 * * * *',
      '30 2,14 * * *',
    )
    fc.assert(
      fc.property(
        patterns,
        fc.integer({ min: 1, max: 200 }),
        fc.integer({ min: 0, max: 999_999 }),
        (pattern, count, fraction) => {
          const from = `2026-02-28T23:59:58.${String(fraction).padStart(6, '0')}Z`
          const expected = nextSlots(pattern, from, count)
          const now = expected.at(-1)!
          const applied: string[] = []
          for (let last = from; ; ) {
            const [slot] = dueSlots({ pattern, lastApplied: last, now, catchUp: 10 ** 9, limit: 1 })
            if (slot === undefined) break
            applied.push(slot)
            last = slot
          }
          expect(applied).toEqual(expected)
          expect(dueSlots({ pattern, lastApplied: from, now, catchUp: 10 ** 9 })).toEqual(expected)
        },
      ),
      { numRuns: 50 },
    )
  })
})

test('the next slots are in UTC, whatever zone the machine is in', () => {
  expect(nextSlots('0 0 * * *', '2026-03-28T12:00:00.000000Z', 2)).toEqual([
    '2026-03-29T00:00:00.000000Z',
    '2026-03-30T00:00:00.000000Z',
  ])
  expect(nextSlots('0 * * * *', '2026-10-25T00:30:00.000000Z', 3).map((slot) => slot.slice(11, 16))).toEqual([
    '01:00',
    '02:00',
    '03:00',
  ])
})

test.each([
  ['0 * * *', 'it has 4 field(s), not five or six'],
  ['', 'it has no fields'],
  ['@hourly', 'it has 1 field(s)'],
  ['61 * * * *', 'understood as minute 61, hour *, day of month *, month *, weekday *'],
  ['0 25 * * *', 'hour 25'],
  ['0 0 31 2 *', 'day of month 31, month 2'],
  ['H * * * *', '"H" has no fixed meaning'],
  ['every hour please now ok', 'understood as minute every'],
])('the slots %j are refused', (pattern, said) => {
  expect(() => checkSlots(pattern)).toThrow(
    expect.objectContaining({ code: 'BAD_SLOTS', message: expect.stringContaining(said) }),
  )
  expect(() => checkSlots(pattern)).toThrow(
    expect.objectContaining({ hint: expect.stringContaining('`0 * * * *`') }),
  )
})

test('good slots come back as they were, tidied', () => {
  expect(checkSlots(' 0  *  * * * ')).toBe('0 * * * *')
  expect(checkSlots('*/10 * * * * *')).toBe('*/10 * * * * *')
  expect(checkSlots('0 8 * * mon-fri')).toBe('0 8 * * mon-fri')
})
