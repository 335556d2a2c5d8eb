/** A JSON value as it was written: numbers stay text, so that no digit passes through a float. */
export type Json =
  | { readonly kind: 'null' }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'number'; readonly text: string }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'array'; readonly of: readonly Json[] }
  | { readonly kind: 'object'; readonly of: ReadonlyMap<string, Json> }

export function readJson(text: string): Json {
  const reader = new Reader(text)
  const found = reader.value()
  reader.end()
  return found
}

/** Tokens from left to right; of two fields of one name the later counts. */
class Reader {
  readonly tokens: readonly string[]
  position = 0

  constructor(text: string) {
    this.tokens = text.match(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|[{}[\]:,]|\w+|[^\s]/gu) ?? []
  }

  private next(): string {
    const token = this.tokens[this.position++]
    if (token === undefined) throw new Error('JSON ends too early')
    return token
  }

  private takes(token: string): boolean {
    if (this.tokens[this.position] !== token) return false
    this.position++
    return true
  }

  private expect(token: string): void {
    if (!this.takes(token)) throw new Error(`JSON lacks a ${token}`)
  }

  end(): void {
    if (this.position < this.tokens.length) throw new Error('JSON goes on')
  }

  value(): Json {
    const token = this.next()
    if (token === '[') return this.array()
    if (token === '{') return this.object()
    if (token === 'null') return { kind: 'null' }
    if (token === 'true' || token === 'false') return { kind: 'boolean', value: token === 'true' }
    if (token.startsWith('"')) return { kind: 'string', value: JSON.parse(token) as string }
    if (/^-?\d/.test(token)) return { kind: 'number', text: token }
    throw new Error(`not JSON: ${token}`)
  }

  private array(): Json {
    const of: Json[] = []
    if (this.takes(']')) return { kind: 'array', of }
    do of.push(this.value())
    while (this.takes(','))
    this.expect(']')
    return { kind: 'array', of }
  }

  private object(): Json {
    const of = new Map<string, Json>()
    if (this.takes('}')) return { kind: 'object', of }
    do {
      const name = JSON.parse(this.next()) as string
      this.expect(':')
      of.set(name, this.value())
    } while (this.takes(','))
    this.expect('}')
    return { kind: 'object', of }
  }
}
