#!/usr/bin/env node
import './guard.js'
import { existsSync } from 'node:fs'

// `npm run tideline --` runs in the clone; what is meant is where it was typed.
if (process.env.npm_lifecycle_event === 'tideline' && process.env.INIT_CWD)
  process.chdir(process.env.INIT_CWD)

// A clone runs its sources, the published package what was built from them.
const sources = new URL('../cli/main.ts', import.meta.url)
const program = existsSync(sources) ? sources : new URL('../dist/cli/main.js', import.meta.url)

import(program.href).catch((error) => {
  process.stderr.write(`tideline: ${error instanceof Error ? error.stack : error}
`)
  process.exitCode = 1
})
