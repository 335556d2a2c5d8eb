import { expect, test } from 'vitest'
import { compile, explain } from '../../compiler/compile.ts'
import { conditions } from '../../compiler/conditions/index.ts'
import { conditionsOf } from '../../compiler/explain.ts'
import type { EventFeature, Feature, ValueType } from '../../compiler/ir.ts'
import type { FeatureValue, Look } from '../../compiler/phrase.ts'
import { catalog } from '../support/world.ts'

/** What stands in a sentence is tested in pipeline/sentences.test.ts; here, that there is one whatever was seen. */
const examples = conditions.flatMap((condition) => condition.examples)
const at = '2026-02-01 10:00:00+00'

const some: Record<ValueType, string> = {
  ...{
    number: '3',
    size: '3',
    text: 'vip',
    boolean: 'true',
    instant: '2026-02-01T10:00:00.000000Z',
    json: 'true',
  },
  ...{ texts: '["a", "b", "c", "d", "e", "f"]', numbers: '[1, 2]', booleans: '[true]' },
}

function someValue(feature: Feature): string {
  switch (feature.kind) {
    case 'attribute':
      return some[feature.type]
    case 'events':
      return figureOf(feature)
    case 'score':
    case 'score_change':
    case 'score_max':
      return '3000000'
    case 'leads_of_account':
    case 'bucket':
      return '3'
    case 'sequence':
    case 'segment':
    case 'listed':
    case 'inside':
      return 'true'
    default:
      return at
  }
}

function figureOf({ figure }: EventFeature): string {
  if (figure.kind === 'first' || figure.kind === 'last') return at
  return 'property' in figure && figure.kind !== 'distinct' ? some[figure.property.type] : '3'
}

const look = (value: (feature: Feature) => FeatureValue, came: number): Look => ({
  ...{ asOf: '2026-03-01T00:00:00.000000Z', zone: 'Europe/Berlin', value },
  steps: ({ steps }) => steps.slice(0, came).map(() => at),
})
const looks = [look(() => null, 0), look(someValue, 1), look(someValue, 8)]

test.each(examples)('%s is told of a lead', (text) => {
  const { definition } = compile(text, catalog, 'Europe/Berlin')
  for (const condition of conditionsOf(explain(definition!, catalog, 'Europe/Berlin'))) {
    for (const [each, holds] of looks.flatMap((one) => [[one, true] as const, [one, false] as const])) {
      const { sentence, saw } = condition.tell(each, holds)
      for (const said of [sentence, ...saw]) {
        expect(said).toMatch(/^\S(.*\S)?$/)
        expect(said).not.toMatch(/undefined|null|NaN|\[object| {2}/)
      }
    }
  }
})
