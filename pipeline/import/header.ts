const longestHeader = 200_000

/** The delimiter and column names that the first record of a CSV text gives away. */
export function firstRecord(text: string): { delimiter: string; header: string[] } {
  const record = recordOf(text.slice(0, longestHeader).replace(/^[\r\n]+/, ''))
  const delimiter = mostFrequent(record)
  return { delimiter, header: distinct(fieldsOf(record, delimiter)) }
}

/** Only outside quotes does a delimiter count. */
function mostFrequent(record: string): string {
  const bare = record.replace(/"(?:[^"]|"")*"/g, '')
  const counts = [',', ';', '\t', '|'].map((mark) => ({ mark, count: bare.split(mark).length - 1 }))
  return counts.reduce((best, next) => (next.count > best.count ? next : best)).mark
}

function recordOf(text: string): string {
  return /^(?:"(?:[^"]|"")*"|[^"\r\n]|")*/.exec(text)?.[0] ?? ''
}

function fieldsOf(record: string, delimiter: string): string[] {
  return splitOutsideQuotes(record, delimiter).map((field) => {
    const trimmed = field.trim()
    return trimmed.startsWith('"') && trimmed.endsWith('"') && trimmed.length > 1
      ? trimmed.slice(1, -1).replaceAll('""', '"')
      : field
  })
}

function splitOutsideQuotes(record: string, delimiter: string): string[] {
  const fields = ['']
  let quoted = false
  for (const character of record) {
    if (character === '"') quoted = !quoted
    if (character === delimiter && !quoted) fields.push('')
    else fields[fields.length - 1] += character
  }
  return fields
}

/** A name that comes twice would hide one of its columns; one without a name is known by its place. */
function distinct(names: string[]): string[] {
  const seen = new Map<string, number>()
  return names.map((name, index) => {
    const named = name === '' ? `column_${index + 1}` : name
    const times = (seen.get(named) ?? 0) + 1
    seen.set(named, times)
    return times === 1 ? named : `${named}_${times}`
  })
}
