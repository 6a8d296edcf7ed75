import { expect, test } from 'vitest';
import { isPlainAndRemote, originOf, withoutQuery } from './origin.ts';

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
  ['https:\\\\user:word@cdn.test', 'https://…@cdn.test/'],
  ['\\\\user:word@cdn.test', '//…@cdn.test/'],
  ['https:/user:word@cdn.test/x', 'https://…@cdn.test/x'],
  ['https:user:word@cdn.test/x', 'https://…@cdn.test/x'],
  ['ht\ttps://user:word@cdn.test/x', 'https://…@cdn.test/x'],
  ['https://user:w/ord@cdn.test/x', '…'],
  ['https://user:w?ord@cdn.test/x', '…'],
  ['//user:w#ord@cdn.test/x', '…'],
  ['user:word@cdn.test', 'user:…'],
  ['/v2/a/b?x=1', '/v2/a/b'],
  ['/v2/a@b', '/v2/a@b'],
  ['https://[bad/x?y', 'https://[bad/x'],
  ['https://cdn.test/a@b', 'https://cdn.test/a@b'],
])('%s is shown as %s', (url, shown) => {
  expect(withoutQuery(url)).toBe(shown);
});

test.each([
  ['http://r.test:5000', true],
  ['http://10.0.0.5', true],
  ['http://[fd00::1]', true],
  ['http://localhost.test', true],
  ['http://127.0.0.1.test', true],
  ['https://r.test', false],
  ['http://localhost:5000', false],
  ['http://LOCALHOST.', false],
  ['http://hub.localhost', false],
  ['http://127.0.0.1:5000', false],
  ['http://127.1', false],
  ['http://[::1]:5000', false],
])('what goes to %s crosses a network in clear: %s', (url, crosses) => {
  expect(isPlainAndRemote(url)).toBe(crosses);
});
