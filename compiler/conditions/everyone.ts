import { z } from 'zod'
import { condition } from '../condition.ts'
import { everyone as all } from '../ir.ts'

const shape = z.strictObject({ kind: z.literal('everyone') })

export const everyone = condition<z.infer<typeof shape>>({
  kind: 'everyone',
  meaning: 'Every lead that exists at asOf.',
  missing: 'Nothing is looked at, so nothing can be missing.',
  shape,
  syntax: `
everyone
  = 'everyone' end { return node({ kind: 'everyone' }) }
`,
  print: () => 'everyone',
  lower: () => all,
  say: () => 'everyone',
  tell: () => 'everyone',
  examples: ['everyone'],
})
