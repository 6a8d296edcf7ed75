import { expect, test } from 'vitest';
import { formatModelId, isCommit, parseModelId, parseRevision } from './model.ts';

test.each([
  ['acme/llama', 'model', 'acme/llama'],
  ['gpt2', 'model', 'gpt2'],
  ['datasets/acme/texts', 'dataset', 'acme/texts'],
  ['Qwen/Qwen3-0.6B', 'model', 'Qwen/Qwen3-0.6B'],
])('%s is a name, and is written the same way again', (text, type, name) => {
  expect(parseModelId(text)).toEqual({ type, name });
  expect(formatModelId(parseModelId(text))).toBe(text);
});

test.each(['', 'a/b/c', '/a', 'a/', '../a', 'a/..', 'a b/c', 'a/b?x', 'https://huggingface.co/a/b'])(
  '"%s" is not the name of a model',
  (text) => {
    expect(() => parseModelId(text)).toThrow(expect.objectContaining({ code: 'USAGE' }));
  },
);

test.each(['main', 'v1.0', 'feature/x', 'refs/pr/3', '0123456789abcdef0123456789abcdef01234567'])(
  '%s is a revision',
  (text) => expect(parseRevision(text)).toBe(text),
);

test.each(['', 'a b', 'a\n', 'a..b', '/a', 'a/', 'a?b'])('"%s" is not a revision', (text) => {
  expect(() => parseRevision(text)).toThrow('is not a revision');
});

test('only 40 lower-case hex characters are a commit', () => {
  expect(isCommit('0123456789abcdef0123456789abcdef01234567')).toBe(true);
  expect(isCommit('0123456789ABCDEF0123456789abcdef01234567')).toBe(false);
  expect(isCommit('0123456')).toBe(false);
});
