import { expect, test } from 'vitest';
import { inert } from './inert.ts';
import { printable } from './printable.ts';
import { createTextStyle, toLines } from './text.ts';

test('a foreign name cannot move the cursor, start a line or turn the text around', () => {
  expect(printable('a\u001b[2Jb\nc\rd\u202ee\u0085f')).toBe('a\ufffd[2Jb\ufffdc\ufffdd\ufffde\ufffdf');
  expect(toLines(['a\nMANIFESTDIGEST=forged'])).toBe('a\ufffdMANIFESTDIGEST=forged\n');
  expect(printable('größe 😀.json')).toBe('größe 😀.json');
});

test.each([
  ['##vso[task.complete]', '\ufffd#vso[task.complete]'],
  ['a ##[error]', 'a \ufffd#[error]'],
  ['###', '\ufffd\ufffd#'],
  ['#\u200b#[error]', '\ufffd\u200b#[error]'],
  ['::error::x', '\ufffd:error::x'],
  [' \u200b\ufeff: \u200b', ' \u200b\ufeff: \u200b'],
  [' \u200b:\u00ad:error::x', ' \u200b\ufffd\u00ad:error::x'],
  ['größe #1: 50% ::', 'größe #1: 50% ::'],
])('%j is no command of a CI service any more', (text, shown) => {
  expect(inert(text)).toBe(shown);
});

test('warnings, errors and details have colours only where there are colours', () => {
  const entries = [
    { kind: 'warning', text: 'w' },
    { kind: 'error', lines: ['error: e', 'hint: h'] },
    { kind: 'detail', text: 'd' },
    { kind: 'heading', text: 'h' },
  ] as const;
  const [coloured, plain] = [true, false].map((on) => entries.flatMap(createTextStyle({ coloured: on })));
  expect(plain).toEqual(['warning: w', 'error: e', 'hint: h', 'd', '── h ──']);
  expect(coloured).toEqual([
    '\u001b[33mwarning: w\u001b[39m',
    '\u001b[31merror: e\u001b[39m',
    'hint: h',
    '\u001b[2md\u001b[22m',
    '\u001b[1m── h ──\u001b[22m',
  ]);
});
