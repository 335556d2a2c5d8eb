import { command, type Start } from '../command.ts'
export const plan = (start: Start) =>
  command('plan', { summary: 'x', examples: [['tideline plan', 'x']] }).action(start(async () => {}))
