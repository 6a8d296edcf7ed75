import { expect, test } from 'vitest';
import { translate } from './fnmatch.ts';

test.each([
  ['a/b.json', '*.json', true],
  ['.gitattributes', '*', true],
  ['config.json', '**/config.json', false],
  ['a/config.json', '**/config.json', true],
  ['model.SAFETENSORS', '*.safetensors', false],
  ['a1', 'a[0-9]', true],
  ['ab', 'a[!0-9]', true],
  ['a]', 'a[]]', true],
  ['a-', 'a[b-]', true],
  ['a[', 'a[', true],
  ['a\nb', 'a?b', true],
])('%j by %j is %s, as huggingface_hub has it', (path, pattern, expected) => {
  expect(translate(pattern).test(path)).toBe(expected);
});

/** Random paths and patterns with the answers of CPython 3.11's `fnmatch.fnmatchcase`. */
test.each([
  ['^!', '*', true],
  [']a./*', '*', true],
  ['', '*', true],
  ['é[[é', '*', true],
  ['', '*', true],
  ['[.^', '*', true],
  ['[😀', '*', true],
  ['bé', '*', true],
  ['', '*', true],
  ['', '*', true],
  ['*', '*', true],
  ['/\\*é', '*', true],
  [']c', '*c', true],
  [']', '?', true],
  ['*', '?', true],
  ['', '*', true],
  ['-', '*-', true],
  ['///*', '*', true],
  ['aé?', '*?*', true],
  ['*][*', '*', true],
  ['c', '*', true],
  ['bca', '?*', true],
  ['*', '?', true],
  ['[b', '**', true],
  ['[', '?', true],
  ['//', '*', true],
  ['!\\\\]\\', '*', true],
  ['.!', '??', true],
  ['', '*', true],
  ['.c\\', '*', true],
  ['.ca?😀', '--]![?', false],
  ['', '!][', false],
  ['!', '[^\\]]\\\\', false],
  ['\\', '[c😀]!-*', false],
  ['', '][😀^\\😀?', false],
  ['a😀', '][', false],
  ['', '[]', false],
  ['é/é', '?[^]]*', false],
  ['a]/', ']😀?b[\\', false],
  ['', '[^]', false],
  ['😀', 'c[.]/-😀', false],
  ['[', ']c[*^?b', false],
  ['^éc', '/[/]', false],
  ['*\\a\\*', '-cb]/[', false],
  ['c', '[!a]c!-', false],
] as const)('%j by %j is %s, as in Python', (path, pattern, expected) => {
  expect(translate(pattern).test(path)).toBe(expected);
});

test.each([
  [`${'*a'.repeat(30)}*b`, false],
  [`${'*'.repeat(60)}b`, false],
  [`${'*a?'.repeat(30)}*`, true],
])('%s costs a long name no more than a look at each place', (pattern, expected) => {
  const start = process.hrtime.bigint();
  expect(translate(pattern).test('a'.repeat(2_000))).toBe(expected);
  expect(Number(process.hrtime.bigint() - start) / 1e6).toBeLessThan(1_000);
});
