import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageFolder } from '../config.ts'

const folder = join(packageFolder, 'sql')
const texts = new Map<string, string>()

/** The text of `sql/NAME.sql`, without its header comment's cost: read once. */
export function statement(name: string): string {
  let text = texts.get(name)
  if (text === undefined) {
    text = readFileSync(join(folder, `${name}.sql`), 'utf8')
    texts.set(name, text)
  }
  return text
}

/** All files of one folder of `sql/`, in the order of their names. */
export function statements(subfolder: string): { name: string; text: string }[] {
  return readdirSync(join(folder, subfolder))
    .filter((file) => file.endsWith('.sql'))
    .sort()
    .map((file) => ({
      name: file.replace(/\.sql$/, ''),
      text: statement(`${subfolder}/${file.replace(/\.sql$/, '')}`),
    }))
}
