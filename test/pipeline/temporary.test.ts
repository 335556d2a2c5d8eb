import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { importFile } from '../../pipeline/import/import.ts'
import { inDuckdb } from '../../pipeline/runs/columnar-duckdb.ts'
import { inFolder } from '../../pipeline/temporary.ts'
import { testDatabase } from '../support/database.ts'

const newFolder = () => {
  const folder = mkdtempSync(join(tmpdir(), 'tideline-temporary-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
// No process has this number.
const dead = ['columns-4194999-abc', 'verify-4194999-abc', 'import-4194999-abc', 'ids-4194999-abc']

test("what killed processes left behind is removed, and nobody else's files", async () => {
  const temporary = newFolder()
  // The process that started this one.
  const alive = `import-${process.ppid}-abc`
  // A container's first process has the same number after each start.
  const before = `verify-${process.pid}-before`
  for (const name of [...dead, alive, before, 'other', 'imports-4194999-abc'])
    mkdirSync(join(temporary, name, 'within'), { recursive: true })
  const folder = await inFolder(temporary, 'ids', async (own) => {
    await inDuckdb(temporary, async (duckdb, another) => {
      await duckdb.run('select 1')
      expect(readdirSync(temporary)).toHaveLength(5)
      expect(existsSync(another)).toBe(true)
    })
    expect(existsSync(own)).toBe(true)
    return own
  })
  expect(existsSync(folder)).toBe(false)
  expect(readdirSync(temporary).sort()).toEqual([alive, 'imports-4194999-abc', 'other'].sort())
})

test('a folder is gone as well if the work in it fails', async () => {
  const temporary = newFolder()
  const failing = inFolder(temporary, 'verify', async () => Promise.reject(new Error('no')))
  await expect(failing).rejects.toThrow('no')
  expect(readdirSync(temporary)).toEqual([])
})

test('an import removes what a killed one had unpacked', async () => {
  const database = await testDatabase()
  onTestFinished(() => database.close())
  const [temporary, file] = [newFolder(), join(newFolder(), 'leads.csv')]
  for (const name of dead) mkdirSync(join(temporary, name))
  writeFileSync(join(temporary, dead[2]!, 'unpacked'), 'lead_id,email\na,a@example.com\n')
  writeFileSync(file, 'lead_id\na\n')
  await importFile(database, { kind: 'leads', file, map: {}, set: {}, timezone: 'UTC', temporary })
  expect(readdirSync(temporary)).toEqual([])
})
