import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AddressScope, scopeOf } from './node-special-address.ts';

describe('an address that is not globally reachable', () => {
  /** The first and the last of each block. */
  test.each([
    ['this network', '0.0.0.0', '0.255.255.255'],
    ['private use', '10.0.0.0', '10.255.255.255'],
    ['shared by the customers of a carrier', '100.64.0.0', '100.127.255.255'],
    ['loopback', '127.0.0.0', '127.255.255.255'],
    ['link local', '169.254.0.0', '169.254.255.255'],
    ['private use', '172.16.0.0', '172.31.255.255'],
    ['protocol assignments', '192.0.0.0', '192.0.0.255'],
    ['documentation', '192.0.2.0', '192.0.2.255'],
    ['a 6to4 relay', '192.88.99.0', '192.88.99.255'],
    ['private use', '192.168.0.0', '192.168.255.255'],
    ['benchmarking', '198.18.0.0', '198.19.255.255'],
    ['documentation', '198.51.100.0', '198.51.100.255'],
    ['documentation', '203.0.113.0', '203.0.113.255'],
    ['multicast', '224.0.0.0', '239.255.255.255'],
    ['reserved', '240.0.0.0', '255.255.255.255'],
    ['unspecified, loopback or IPv4-compatible', '::', '::255.255.255.255'],
    ['local NAT64', '64:ff9b:1::', '64:ff9b:1:ffff:ffff:ffff:ffff:ffff'],
    ['discard only', '100::', '100::ffff:ffff:ffff:ffff'],
    ['dummy', '100:0:0:1::', '100::1:ffff:ffff:ffff:ffff'],
    ['protocol assignments', '2001:1::', '2001:2:ffff:ffff:ffff:ffff:ffff:ffff'],
    ['protocol assignments', '2001:40::', '2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff'],
    ['documentation', '2001:db8::', '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff'],
    ['documentation', '3fff::', '3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff'],
    ['segment routing', '5f00::', '5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
    ['unique local', 'fc00::', 'fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
    ['link local', 'fe80::', 'febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
    ['site local', 'fec0::', 'feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
    ['multicast', 'ff00::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ])('is any in the block for %s: %s to %s', (_, first, last) => {
    expect([first, last].map(scopeOf)).not.toContain('public');
  });

  test.each<[scope: AddressScope, addresses: string[]]>([
    ['link-local', ['169.254.169.254', '169.254.1.1', 'fe80::1%eth0', '100.100.100.200', '168.63.129.16']],
    ['link-local', ['192.0.0.192', 'fd00:ec2::254', 'fd00:42::42', 'fd20:ce::254', '64:ff9b::a9fe:a9fe']],
    ['loopback', ['127.0.0.1', '127.255.255.254', '0.0.0.0', '::1', '::', '::ffff:127.0.0.1']],
    [
      'private',
      ['10.0.0.5', '172.31.0.1', '192.168.1.1', '100.64.0.1', 'fd00::1', 'fec0::1', '2002:a00:1::1'],
    ],
    ['reserved', ['198.18.0.5', '192.0.2.1', '192.0.0.1', '255.255.255.255', '224.0.0.1', '::2', 'ff02::1']],
  ])('has the scope %s: %s', (scope, addresses) => {
    expect(addresses.map(scopeOf)).toEqual(addresses.map(() => scope));
  });

  test('has the scope of the address that it must be kept from most, of two that it carries', () => {
    expect(scopeOf('2001:0:a00:1::5601:5601')).toBe('link-local');
  });

  test.each([
    ['mapped', '::ffff:10.0.0.1'],
    ['mapped, in hexadecimal', '::ffff:7f00:1'],
    ['of NAT64', '64:ff9b::a9fe:a9fe'],
    ['of 6to4', '2002:a00:1::1'],
    ['of the server of Teredo', '2001:0:c0a8:101::'],
    ['of the client of Teredo', '2001:0:808:808::f5ff:fffe'],
  ])('is a private IPv4 address that is %s', (_, address) => {
    expect(scopeOf(address)).not.toBe('public');
  });
});

/** Each borders on a block, is allocated within one, or carries a public IPv4 address. */
test.each([
  '1.0.0.0',
  '9.255.255.255',
  '11.0.0.0',
  '100.63.255.255',
  '100.128.0.0',
  '126.255.255.255',
  '128.0.0.0',
  '169.253.255.255',
  '169.255.0.0',
  '172.15.255.255',
  '172.32.0.0',
  '191.255.255.255',
  '192.0.0.9',
  '192.0.0.10',
  '192.0.1.0',
  '192.0.3.0',
  '192.88.98.255',
  '192.167.255.255',
  '192.169.0.0',
  '198.17.255.255',
  '198.20.0.0',
  '223.255.255.255',
  '::1:0:0',
  '64:ff9b::8.8.8.8',
  '64:ff9b:2::',
  '::ffff:1.1.1.1',
  '100:0:0:2::',
  '2001:1::1',
  '2001:3::1',
  '2001:4:112::1',
  '2001:20::1',
  '2001:3f:ffff::1',
  '2001:200::',
  '2001:db9::',
  '2001:0:808:808::f7f7:f7f7',
  '2002:808:808::1',
  '2606:4700::1111',
  '3fff:1000::',
  '5eff::',
  '5f01::',
  'fbff::',
])('%s is an address of the internet', (address) => {
  expect(scopeOf(address)).toBe('public');
});

test('every spelling of an IPv6 address is judged alike', () => {
  const group = fc.integer({ min: 0, max: 0xffff });
  fc.assert(
    fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), (groups) => {
      const long = groups.map((each) => each.toString(16).padStart(4, '0')).join(':');
      const short = new URL(`http://[${long}]`).hostname.slice(1, -1);
      return scopeOf(long) === scopeOf(short.toUpperCase());
    }),
  );
});

test('an IPv4 address is judged alike in every block that carries it', () => {
  fc.assert(
    fc.property(fc.ipV4(), (address) => {
      const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number);
      const [high, low] = [(a << 8) | b, (c << 8) | d].map((each) => each.toString(16));
      const carried = [`::ffff:${address}`, `64:ff9b::${address}`, `2002:${high}:${low}::1`];
      return carried.every((each) => scopeOf(each) === scopeOf(address));
    }),
  );
});
