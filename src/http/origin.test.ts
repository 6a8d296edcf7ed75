import { expect, test } from 'vitest';
import { originOf, withoutQuery } from './origin.ts';

test.each([
  ['https://ghcr.io/v2/', 'https://ghcr.io:443/other', true],
  ['https://ghcr.io/v2/', 'https://GHCR.io/v2/', true],
  ['http://127.0.0.1:5000/', 'http://127.0.0.1:5000/x', true],
  ['https://ghcr.io/', 'http://ghcr.io/', false],
  ['https://ghcr.io/', 'https://ghcr.io:5000/', false],
  ['https://ghcr.io/', 'https://ghcr.io.evil.test/', false],
  ['https://ghcr.io/', 'https://evil.test/ghcr.io', false],
  ['https://ghcr.io/', 'https://ghcr.io@evil.test/', false],
])('%s and %s are of one origin: %s', (a, b, same) => {
  expect(originOf(a) === originOf(b)).toBe(same);
});

test.each([
  ['https://cdn.test/a/b?X-Amz-Signature=1&x=2', 'https://cdn.test/a/b'],
  ['https://cdn.test/a#b?c', 'https://cdn.test/a'],
  ['https://cdn.test/a', 'https://cdn.test/a'],
  ['https://user:word@cdn.test/a?b', 'https://…@cdn.test/a'],
  ['//user:word@cdn.test/a@b', '//…@cdn.test/a@b'],
  ['https:\\\\user:word@cdn.test', 'https://…@cdn.test'],
  ['https://cdn.test/a@b', 'https://cdn.test/a@b'],
])('%s is shown as %s', (url, shown) => {
  expect(withoutQuery(url)).toBe(shown);
});
