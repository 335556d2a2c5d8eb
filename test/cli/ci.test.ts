import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { parse } from 'yaml'
import { packageFolder } from '../../config.ts'
import { testDatabase } from '../support/database.ts'
import { deskOf } from './support.ts'

const database = await testDatabase()
afterAll(() => database.close())

type Step = { uses?: string; run?: string; env?: Record<string, string> }
type Workflow = { on: object; permissions: object; jobs: { plan: { steps: Step[] } } }

const workflow = parse(readFileSync(join(packageFolder, 'examples/ci/tideline.yml'), 'utf8')) as Workflow

test('the workflow may write comments and nothing else', () => {
  expect(workflow.permissions).toEqual({ contents: 'read', 'pull-requests': 'write' })
  expect(Object.keys(workflow.on)).toEqual(['pull_request'])
  // What somebody typed into a pull request never stands in a script.
  for (const { run = '' } of workflow.jobs.plan.steps) expect(run).not.toContain('${{')
})

test('its commands do what it says', async () => {
  const lines = workflow.jobs.plan.steps.flatMap(({ run = '' }) => run.split('\n'))
  const commands = lines.filter((line) => line.startsWith('npx tideline '))
  expect(commands).toHaveLength(2)
  const desk = deskOf(database.url)
  desk.file('tideline.yaml', '')
  desk.file('segments/a.yaml', 'all:\n  where: everyone\n')
  for (const line of commands) {
    expect(await desk.type(line.replace('npx tideline ', ''))).toMatchObject({ code: 0, err: '' })
  }
  const comment = readFileSync(join(desk.folder, 'plan.md'), 'utf8')
  expect(comment).toContain('## Tideline plan\n\n**1 to create**')
})
