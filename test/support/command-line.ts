/** Options of every tool that draws random cases for long. */
export const commonOptions = {
  minutes: { type: 'string', default: '1' },
  seed: { type: 'string' },
  help: { type: 'boolean' },
} as const
type Common = { minutes: string; seed?: string | undefined; help?: boolean | undefined }

/** For how many minutes, from which seed on, and what else was said. A tool that can't go on so leaves with its usage. */
export function readCommandLine<Values extends Common>(usage: string, read: () => { values: Values }) {
  const values = valuesOf(usage, read)
  if (values.help) leave(usage)
  const minutes = Number(values.minutes)
  const seed = values.seed ? Number(values.seed) : Math.floor(Math.random() * 2 ** 31)
  if (!(minutes > 0)) leave(usage, `--minutes is a number above 0, not "${values.minutes}".`)
  if (!Number.isInteger(seed)) leave(usage, `--seed is a whole number, not "${values.seed}".`)
  return { values, minutes, seed }
}

function valuesOf<Values>(usage: string, read: () => { values: Values }): Values {
  try {
    return read().values
  } catch (error) {
    return leave(usage, (error as Error).message)
  }
}

/** With the usage: as what was asked for, or behind what is wrong. */
export function leave(usage: string, wrong?: string): never {
  if (wrong === undefined) console.log(usage)
  else console.error(`${wrong}\n\n${usage}`)
  process.exit(wrong === undefined ? 0 : 2)
}
