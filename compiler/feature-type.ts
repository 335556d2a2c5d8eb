import type { ComparedType } from './compare.ts'
import type { EventFeature, Feature } from './ir.ts'

/** As what a feature's column is compared. */
export function typeOf(feature: Feature): ComparedType {
  switch (feature.kind) {
    case 'attribute':
      return feature.type
    case 'score':
    case 'score_change':
    case 'score_max':
      return 'micropoints'
    case 'first_seen':
    case 'attribute_history':
    case 'recorded':
    case 'level_entered':
      return 'moment'
    case 'listed':
    case 'inside':
    case 'sequence':
    case 'segment':
      return 'boolean'
    case 'bucket':
    case 'leads_of_account':
      return 'number'
    case 'events':
      return figureType(feature)
  }
}

function figureType({ figure }: EventFeature): ComparedType {
  switch (figure.kind) {
    case 'first':
    case 'last':
      return 'moment'
    case 'min':
    case 'max':
    case 'value of first':
    case 'value of last':
      return figure.property.type
    default:
      return 'number'
  }
}
