import { rows } from './catalog.ts'
import type { AttributePlace, ComparedText, PropertyPlace } from './compared.ts'
import type { Client } from './engine.ts'
import { statement } from './sql.ts'

/** A text that no lead has, beside those that leads have and that differ in spaces, accents or case alone. */
export type Nearly = {
  readonly name: string
  readonly of: 'lead' | 'account' | 'event'
  readonly value: string
  readonly stored: readonly { readonly value: string; readonly leads: number }[]
}

type Found = { wanted: string; stored: string; leads: string }

/**
 * Looks among the values that are stored now for those that may have been meant. It is help and no more: past so many
 * seconds, or values, it is left.
 */
export async function nearlyMeant(
  client: Client,
  unmatched: readonly ComparedText[],
  seconds: number,
): Promise<Nearly[]> {
  const found: Nearly[] = []
  await client.query(`set local statement_timeout = ${Math.ceil(seconds * 1000)}`)
  try {
    for (const { value, place } of unmatched.slice(0, 20)) {
      const near = await look(client, place, value)
      if (near.length === 0) continue
      const stored = near.slice(0, 3).map((each) => ({ value: each.stored, leads: Number(each.leads) }))
      found.push({ name: place.path.join('.'), of: place.of, value, stored })
    }
  } catch (error) {
    if ((error as { code?: string }).code !== '57014') throw error
  }
  return found
}

function look(client: Client, place: AttributePlace | PropertyPlace, value: string): Promise<Found[]> {
  if (place.of !== 'event') {
    return rows<Found>(client, statement('reads/nearly_attributes'), [place.of, place.path, [value]])
  }
  const { types, path } = place
  return rows<Found>(client, statement('reads/nearly_properties'), [
    'only' in types ? types.only : null,
    'allBut' in types ? types.allBut : null,
    'prefix' in types ? types.prefix : null,
    path,
    [value],
  ])
}
