import { styleText } from 'node:util'
import type { Config } from '../config.ts'
import type { Sink } from './io.ts'

export type Paint = Readonly<Record<'red' | 'yellow' | 'green' | 'dim' | 'bold', (text: string) => string>>

/** Colour on a terminal, unless the environment says NO_COLOR; plain text anywhere else. */
export function painter(sink: Sink, config: Config): Paint {
  const style = (name: keyof Paint) => (text: string) =>
    sink.isTerminal && config.color ? styleText(name, text, { validateStream: false }) : text
  return {
    red: style('red'),
    yellow: style('yellow'),
    green: style('green'),
    dim: style('dim'),
    bold: style('bold'),
  }
}
