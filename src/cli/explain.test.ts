import { expect, test } from 'vitest';
import { ModelcarError } from '../index.ts';
import { explain } from './explain.ts';

test('an error is what happened and what to do', () => {
  expect(explain(new ModelcarError('USAGE', 'it broke', { hint: 'Mend it.' }))).toEqual([
    'error: it broke (USAGE)',
    'hint: Mend it.',
  ]);
});

test('a hint names the command that shows a page of the manual, not a path in our repository', () => {
  const error = new ModelcarError('REJECTED', 'no', { hint: 'Read it; docs/errors.md has the causes.' });
  expect(explain(error)[1]).toBe('hint: Read it; oci-modelcar help errors has the causes.');
});

test('a list in a message has a line for each entry', () => {
  const message = 'choose one:\n  1 GB  a\n  2 GB  b';
  expect(explain(new ModelcarError('USAGE', message))).toEqual([
    'error: choose one: (USAGE)',
    '  |   1 GB  a',
    '  |   2 GB  b',
  ]);
});

test('a line break in foreign text begins no line of ours, nor a command of a CI system', () => {
  const message = 'a\nMANIFESTDIGEST=forged\n::add-mask::x\r\u001b[2Jb';
  const lines = explain(new ModelcarError('USAGE', message, { hint: 'c\nerror: d' }));
  expect(lines).toEqual([
    'error: a (USAGE)',
    '  | MANIFESTDIGEST=forged',
    '  | ::add-mask::x\ufffd\ufffd[2Jb',
    'hint: c',
    '  | error: d',
  ]);
});

test('what is no error of ours is a bug, with its stack', () => {
  const lines = explain(new TypeError('x is undefined'));
  expect(lines.slice(0, 2)).toEqual(['error: this is a bug in oci-modelcar', 'TypeError: x is undefined']);
});
