/** A way to write an instant. `read` is SQL that turns a text into ISO 8601 in full form, or null. */
export type DateFormat = {
  readonly name: string
  readonly example: string
  read(value: string): string
  /** Digits alone are instants only where the column must be one. */
  readonly coreOnly?: true
}

const clocks = [
  '',
  ...[' ', ', '].flatMap((gap) =>
    ['%H:%M', '%H:%M:%S', '%H:%M:%S.%f', '%I:%M %p', '%I:%M:%S %p', '%I:%M%p'].map((clock) => gap + clock),
  ),
]

export const formats: readonly DateFormat[] = [
  { name: 'ISO', example: '2018-02-26T19:58:00Z', read: readIso },
  written('YMD', '2018/02/26 19:58', ['%Y/%m/%d', '%Y.%m.%d'], '\\d{4}[/.]\\d{1,2}[/.]\\d{1,2}'),
  written('MDY', '2/26/2018 7:58 PM', ['%m/%d/%Y', '%m-%d-%Y'], '\\d{1,2}[/-]\\d{1,2}[/-]\\d{4}'),
  written('DMY', '26/2/2018 19:58', ['%d/%m/%Y', '%d-%m-%Y', '%d.%m.%Y'], '\\d{1,2}[/.-]\\d{1,2}[/.-]\\d{4}'),
  written('DMONY', '26 Feb 2018', ['%d %b %Y', '%d-%b-%Y', '%d %B %Y'], '\\d{1,2}[ -][A-Za-z]+[ -]\\d{4}'),
  written('MONDY', 'Feb 26, 2018', ['%b %d, %Y', '%b %d %Y', '%B %d, %Y'], '[A-Za-z]+ \\d{1,2},? \\d{4}'),
  {
    name: 'EPOCH',
    example: '1519675080',
    coreOnly: true,
    read: (value) => readEpoch(value, '\\d{10}(\\.\\d+)?', 1_000_000),
  },
  {
    name: 'EPOCH_MS',
    example: '1519675080000',
    coreOnly: true,
    read: (value) => readEpoch(value, '\\d{13}(\\.\\d+)?', 1000),
  },
]

/** A format that the user wrote down with strptime's letters: `%Y%m%d`. */
export function patternFormat(pattern: string): DateFormat {
  const literal = `'${pattern.replaceAll("'", "''")}'`
  const shape = pattern.includes('%z') ? `${fullForm}Z` : fullForm
  return {
    name: pattern,
    example: pattern,
    read: (value) => `strftime(try_strptime(${value}, ${literal}), '${shape}')`,
  }
}

const fullForm = '%Y-%m-%dT%H:%M:%S.%f'
// Without this a two-digit year would be read as one of the first century.
const years = 'between 1900 and 2199'

function written(name: string, example: string, days: string[], shape: string): DateFormat {
  const patterns = days.flatMap((day) => clocks.map((clock) => `'${day}${clock}'`)).join(', ')
  return {
    name,
    example,
    read: (value) => {
      const moment = `try_strptime(${value}, [${patterns}])`
      return `case when regexp_matches(${value}, '^${shape}([ ,]|$)') and year(${moment}) ${years} then strftime(${moment}, '${fullForm}') end`
    },
  }
}

export const isoShape =
  '^(\\d{4}-\\d{2}-\\d{2})(?:[T ](\\d{2}:\\d{2})(?::(\\d{2})(?:[.](\\d{1,9}))?)?(?: ?(Z|UTC|[+-]\\d{2}(?::?\\d{2})?))?)?$'

/** Only the text is put into full form; whether there is such a day is judged where all instants are, in Postgres. */
function readIso(value: string): string {
  const parts = `regexp_extract(${value}, '${isoShape}', ['day', 'clock', 'second', 'fraction', 'zone'])`
  const part = (name: string, otherwise: string) =>
    `if(${parts}.${name} = '', '${otherwise}', ${parts}.${name})`
  return `case when ${parts}.day <> '' then ${parts}.day || 'T' || ${part('clock', '00:00')} || ':' || ${part('second', '00')}
    || '.' || rpad(${parts}.fraction, 6, '0') || if(${parts}.zone = 'UTC', 'Z', ${parts}.zone) end`
}

function readEpoch(value: string, shape: string, factor: number): string {
  const micros = `cast(round(cast(${value} as decimal(30, 6)) * ${factor}) as bigint)`
  return `case when regexp_full_match(${value}, '${shape}') then strftime(make_timestamp(${micros}), '${fullForm}Z') end`
}
