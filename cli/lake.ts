import { UserError } from '../pipeline/errors.ts'
import { type Lake, openLake } from '../pipeline/lake/lake.ts'
import type { Project } from '../pipeline/project/settings.ts'

/** The project's lake, for commands that have nothing to do without one. */
export function openLakeOf({ settings }: Project): Lake {
  if (settings.lake !== undefined) return openLake(settings.lake)
  throw new UserError({
    code: 'NO_LAKE',
    message: 'The project wants no lake: tideline.yaml says `lake: none`.',
    hint: 'Without that line there is one in .tideline/lake; `lake: DIR` names another folder.',
  })
}
