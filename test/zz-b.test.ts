import { test } from 'vitest'
import { compile } from '../compiler/compile.ts'
import { conditions, conditionOf } from '../compiler/conditions/index.ts'
import { parse, print } from '../compiler/parse.ts'
import { catalog } from './support/catalog.ts'
test('x', () => {
  for (const c of conditions) for (const e of c.examples) {
    const p = parse(e)
    if ('diagnostics' in p) { console.log('PARSE', c.kind, e, JSON.stringify(p.diagnostics)); continue }
    const d = p.definition as any
    if (d.kind !== c.kind && d.kind !== 'not') console.log('KIND', c.kind, e, d.kind)
    const t = print(d)
    const q = parse(t)
    if (t !== e) console.log('PRINT', e, '=>', t)
    if (!('definition' in q) || JSON.stringify(q.definition) !== JSON.stringify(d)) console.log('ROUND', e, JSON.stringify(d), t, JSON.stringify(q))
    const k = compile(e, catalog)
    if (k.diagnostics.length) console.log('COMPILE', e, JSON.stringify(k.diagnostics.map((x) => [x.code, x.message, x.hint])))
    const j = compile(JSON.parse(JSON.stringify(d)), catalog)
    if (j.fingerprint !== k.fingerprint) console.log('JSON', e, JSON.stringify(j.diagnostics))
    const words = (n: any): string => n.kind === 'not' ? 'not ' + words(n.of) : conditionOf(n.kind) ? conditionOf(n.kind)!.say(n, words) : n.of.map(words).join(` ${n.kind} `)
    if (process.env.SAY) console.log(e, ' ==> ', words(d))
  }
})
