import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { packageFolder } from '../config.ts'

function run(tool: 'sim' | 'chaos', ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(packageFolder, 'test', `${tool}.ts`), ...args],
    { encoding: 'utf8' },
  )
  return { status, stdout, stderr }
}

/** What the tools that run for long are told wrongly, and what they say to it. */
test.each<['sim' | 'chaos', string[], string]>([
  ['sim', ['--minutes', 'x'], '--minutes is a number above 0, not "x".'],
  ['sim', ['--minutes', '0'], '--minutes is a number above 0, not "0".'],
  ['sim', ['--seed', '1.5'], '--seed is a whole number, not "1.5".'],
  ['sim', ['--only', 'predicate'], '--only is one of predicates, definitions, sequences; not "predicate".'],
  ['sim', ['--for', '5'], "Unknown option '--for'"],
  ['chaos', ['--minutes', 'x'], '--minutes is a number above 0, not "x".'],
  ['chaos', ['5'], "Unexpected argument '5'"],
])('%s %j is answered with what is wrong and the usage', (tool, args, wrong) => {
  const { status, stdout, stderr } = run(tool, ...args)
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
  expect(stderr.startsWith(wrong), stderr).toBe(true)
  expect(stderr).toMatch(new RegExp(`\\nnpm run ${tool} -- \\[--minutes 30\\]`))
  expect(stderr).not.toMatch(/\n {4}at /)
})

test.each(['sim', 'chaos'] as const)('%s --help is its usage, and no error', (tool) => {
  const { status, stdout, stderr } = run(tool, '--help')
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  expect(stdout).toMatch(new RegExp(`^npm run ${tool} -- `))
})
