import { expect, test } from 'vitest'
import { conditions } from '../../compiler/index.ts'

const introduction = `# Conditions

Each with its meaning, what it makes of a missing value, and examples. Every example here is executed, plain and
negated, on every engine and compared with a reference evaluator.
`

test('docs/conditions.md says of every condition what its file says', async () => {
  const pages = conditions.map(({ kind, meaning, missing, examples }) => {
    const title = kind.replaceAll('_', ' ')
    return `\n## ${title}\n\n${meaning}\n\n*Missing:* ${missing}\n\n\`\`\`\n${examples.join('\n')}\n\`\`\`\n`
  })
  await expect(introduction + pages.join('')).toMatchFileSnapshot('../../docs/conditions.md')
})
