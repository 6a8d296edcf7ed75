import { describe, expect, test } from 'vitest';
import { isPrivateAddress, originOf, withoutQuery } from './origin.ts';

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

describe('an address that only this machine or network can reach', () => {
  test.each([
    'http://localhost:5000/',
    'http://127.0.0.1/',
    'http://127.1/',
    'http://2130706433/',
    'http://0.0.0.0/',
    'http://10.1.2.3/',
    'http://172.16.0.1/',
    'http://172.31.255.255/',
    'http://192.168.1.1/',
    'http://169.254.169.254/latest/meta-data',
    'http://[::1]/',
    'http://[::]/',
    'http://[fc00::1]/',
    'http://[fd12:3456::1]/',
    'http://[fe80::1]/',
    'http://[::ffff:169.254.169.254]/',
    'http://[::ffff:7f00:1]/',
    'http://[::7f00:1]/',
    'http://[64:ff9b::a9fe:a9fe]/',
    'http://localhost./',
    'http://registry.localhost/',
    'http://0x7f.1/',
    'http://127.0.0.1./',
  ])('is %s', (url) => {
    expect(isPrivateAddress(url)).toBe(true);
  });

  test.each([
    'https://ghcr.io/',
    'https://1.1.1.1/',
    'https://172.15.0.1/',
    'https://172.32.0.1/',
    'https://192.169.0.1/',
    'https://100.0.0.1/',
    'https://10.example.com/',
    'https://fd.example.com/',
    'https://localhost.example.com/',
    'https://notlocalhost/',
    'https://[2001:db8::1]/',
  ])('is not %s', (url) => {
    expect(isPrivateAddress(url)).toBe(false);
  });
});
