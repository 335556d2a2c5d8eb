import { expect, test } from 'vitest'
import { openDuckdb, type Row } from '../../pipeline/engine.ts'
import { testDatabase } from '../support/database.ts'
import { fold } from '../support/reference.ts'

const last = 0x10_ffff
const noSurrogate = 'c not between 55296 and 57343'

/** Capital letters of Unicode 16, which Postgres 18 folds and the other two versions in use may not. */
const recent = new Set([0x1c89, 0xa7cb, 0xa7cc, 0xa7da, 0xa7dc])
for (let letter = 0x10d50; letter <= 0x10d65; letter++) recent.add(letter)

const mapping = (rows: readonly Row[]) => new Map(rows.map(({ c, folded }) => [Number(c), Number(folded)]))

function expectEqual(found: ReadonlyMap<number, number>): void {
  const different: string[] = []
  for (let letter = 1; letter <= last; letter++) {
    if ((letter >= 0xd800 && letter <= 0xdfff) || recent.has(letter)) continue
    const expected = fold(String.fromCodePoint(letter)).codePointAt(0)!
    if ((found.get(letter) ?? letter) !== expected) different.push(letter.toString(16))
  }
  expect(different).toEqual([])
}

test('Postgres folds every letter as the reference does', async () => {
  const database = await testDatabase()
  const rows = await database.query(
    `select c, ascii(lower(chr(c) collate pg_c_utf8)) as folded from generate_series(1, ${last}) c
     where ${noSurrogate} and lower(chr(c) collate pg_c_utf8) <> chr(c)`,
  )
  await database.close()
  expectEqual(mapping(rows))
})

test('DuckDB folds every letter as the reference does', async () => {
  const duckdb = await openDuckdb()
  const rows = await duckdb.rows(
    `select c, unicode(lower(chr(c))) as folded
     from (select cast(range as integer) as c from range(1, ${last + 1})) where ${noSurrogate} and lower(chr(c)) <> chr(c)`,
  )
  duckdb.close()
  expectEqual(mapping(rows))
})
