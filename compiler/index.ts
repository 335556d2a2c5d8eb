export { type RuleDay, readDays } from './breakdown.ts'
export {
  type Alias,
  type Catalog,
  type CatalogScore,
  type CatalogType,
  type EventType,
  emptyCatalog,
  nearest,
  type SegmentMeaning,
} from './catalog.ts'
export { Columns, countBeside } from './columns.ts'
export { hasComment, onOneLine } from './comments.ts'
export { elementType, micropoints } from './compare.ts'
export {
  type Compiled,
  compile,
  compileAlias,
  compileAll,
  explain,
  meanings,
  parseEvents,
  type SegmentText,
} from './compile.ts'
export { conditions } from './conditions/index.ts'
export type { Definition } from './definition.ts'
export { type Diagnostic, diagnosticCodes, isError, type Span } from './diagnostic.ts'
export type { Among, DialectName, Sql } from './dialect.ts'
export { hasOwnColumn } from './dialects/duckdb.ts'
export { dialects } from './dialects/index.ts'
export { jsonAt, jsonList, jsonValue as columnarValue } from './dialects/postgres.ts'
export { emit } from './emit.ts'
export {
  type ConditionPart,
  conditionsOf,
  featuresOf,
  gather,
  holdsIn,
  type Part,
  sentenceOf,
  shortBy,
  valuesOf,
} from './explain.ts'
export type {
  AttributeFeature,
  Feature,
  Predicate,
  Property,
  Rule,
  ScalarType,
  Score,
  SequenceFeature,
} from './ir.ts'
export { canonical, nobody } from './ir.ts'
export { addedTo, removedFrom, staticMeaning, withOverrides } from './lists.ts'
export { type LookBack, looksBack } from './look-back.ts'
export { type Misfit, misfits } from './misfits.ts'
export { fingerprint } from './normalize.ts'
export { definition as definitionShape, parse, print } from './parse.ts'
export { agendaEnd } from './passages.ts'
export {
  type Clock,
  type FeatureValue,
  isEver,
  type Look,
  sayInstant,
  sayMinute,
  sayMoment,
} from './phrase.ts'
export {
  bitsPerWord,
  plan,
  type QueryPlan,
  type References,
  testsOf,
} from './plan.ts'
export {
  attributesReadBy,
  historiesReadBy,
  listsReadBy,
  readsAccounts,
  readsFading,
  readsOtherLeads,
  readsScore,
  recordedReadBy,
  scoresMeant,
} from './reads.ts'
export { referencesOf, withKeys } from './references.ts'
export { levelAt } from './score-name.ts'
export {
  compileScores,
  type Fade,
  fadeTable,
  longestFade,
  misreadNaming,
  type RuleDiagnostic,
  readFade,
  type ScoreDefinition,
  scoreDefinition,
} from './scoring.ts'
export { pathColumn, stepsOf } from './sequences.ts'
export { type Statement, toStatement } from './statement.ts'
export * from './time.ts'
export { type MomentTurn, type Turn, turnsAt, turnsOf, type Untold } from './turns.ts'
export { printStored } from './words.ts'
