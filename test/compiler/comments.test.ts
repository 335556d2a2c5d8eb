import { expect, test } from 'vitest'
import { hasComment, onOneLine } from '../../compiler/comments.ts'

test.each([
  ['did a # first\n  and did b', true, 'did a and did b'],
  ['# all of it\n\n(did a\n  or did b)', true, '(did a or did b)'],
  ['name = "a  # b" and `c # d` is known', false, 'name = "a  # b" and `c # d` is known'],
  [`name = 'it"s # 1' # c`, true, `name = 'it"s # 1'`],
  ['name = "a \\" # b"\n  and did x # "', true, 'name = "a \\" # b" and did x'],
  ['name = "open # \n and did b', false, 'name = "open #  and did b'],
])('%j is told apart from its comments', (text, commented, line) => {
  expect(hasComment(text)).toBe(commented)
  expect(onOneLine(text)).toBe(line)
})
