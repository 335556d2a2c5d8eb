import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { compile, emptyCatalog } from '../../compiler/index.ts'
import { packageFolder } from '../../config.ts'
import { checkSources } from '../../pipeline/apply.ts'
import { findProject } from '../../pipeline/project/settings.ts'
import { readSources } from '../../pipeline/project/sources.ts'
import { newFolder, writeInto } from '../cli/support.ts'

const guide = readFileSync(join(packageFolder, 'docs', 'scoring.md'), 'utf8')
const blocks = [...guide.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, language = '', text = '']) => ({
  language,
  text,
}))
const types = [
  'page_view',
  'email_open',
  'trial_signup',
  'demo_request',
  'webinar_attended',
  'email_click',
  'unsubscribe',
]
const known = {
  ...emptyCatalog,
  leads: new Map([['industry', 'text'] as const, ['company_size', 'number'] as const]),
  accounts: new Map([['plan', 'text'] as const]),
  events: new Map(
    types.map((type) => [
      type,
      { activity: true, conversion: false, properties: new Map([['page', 'text'] as const]) },
    ]),
  ),
}

function scored() {
  const folder = newFolder()
  writeInto(folder, 'tideline.yaml', '')
  writeInto(folder, 'scoring.yaml', blocks.find(({ language }) => language === 'yaml')!.text)
  return checkSources(readSources(findProject(folder, folder)), known, 'UTC')
}

describe('docs/scoring.md', () => {
  test('its file means something', () => {
    const { findings, scores } = scored()
    expect(findings).toEqual([])
    expect(scores.map(({ name }) => name)).toEqual(['engagement', 'fit', 'account'])
  })

  test('so do its definitions', () => {
    const { catalog } = scored()
    const texts = blocks
      .filter(({ language }) => language === '')
      .flatMap(({ text }) => text.trim().split('\n'))
    expect(texts.length).toBeGreaterThan(8)
    for (const text of texts) expect(compile(text, catalog).diagnostics, text).toEqual([])
  })
})
