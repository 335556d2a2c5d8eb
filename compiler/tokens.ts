/**
 * What a text is made of, without understanding it: comments, quoted text (to the end of its line, if the quote that
 * closes it is missing; the groups hold that quote), words, and single characters.
 */
export const tokens = /#.*|"(?:[^"\\\n]|\\.)*("?)|'(?:[^'\\\n]|\\.)*('?)|`(?:[^`\\\n]|\\.)*(`?)|\w+|[^\s\w]/g
