import { BlockList, isIP } from 'node:net';

/**
 * From where an address can be reached.
 * - `private`: a site's own network.
 * - `loopback`: this machine.
 * - `link-local`: this link. Metadata services have such addresses, and hand out credentials of the machine.
 * - `reserved`: nowhere by definition. Some VPN tools answer every name with an address for benchmarking.
 */
export type AddressScope = 'public' | 'private' | 'loopback' | 'link-local' | 'reserved';

/**
 * Blocks that are not globally reachable by the IANA special-purpose address registries (RFC 6890):
 * https://www.iana.org/assignments/iana-ipv4-special-registry and
 * https://www.iana.org/assignments/iana-ipv6-special-registry, with multicast, deprecated blocks and the metadata
 * services that have an address in another block. The first scope with an address wins.
 */
const BLOCKS: Readonly<Record<Exclude<AddressScope, 'public'>, readonly string[]>> = {
  'link-local': [
    '169.254.0.0/16', // the metadata services of most clouds
    'fe80::/10',
    '100.100.100.200/32', // metadata service of Alibaba
    '168.63.129.16/32', // Azure's host, the same for every machine
    '192.0.0.192/32', // metadata service of Oracle
    'fd00:ec2::254/128', // metadata service of AWS
    'fd00:42::42/128', // metadata service of Scaleway
    'fd20:ce::254/128', // metadata service of Google
  ],
  loopback: [
    '127.0.0.0/8',
    '0.0.0.0/8', // this network: Linux connects it to this machine
    '::/127', // unspecified, and loopback
  ],
  private: [
    '10.0.0.0/8',
    '100.64.0.0/10', // shared address space of carriers
    '172.16.0.0/12',
    '192.168.0.0/16',
    'fc00::/7', // unique local
    'fec0::/10', // site local, deprecated (RFC 3879)
  ],
  reserved: [
    '192.0.0.0/24', // IETF protocol assignments
    '192.0.2.0/24', // documentation
    '198.18.0.0/15', // benchmarking
    '198.51.100.0/24', // documentation
    '203.0.113.0/24', // documentation
    '240.0.0.0/4', // reserved, with the limited broadcast address
    '192.88.99.0/24', // 6to4 relay anycast, deprecated (RFC 7526)
    '224.0.0.0/4', // multicast (RFC 5771)
    '::/96', // IPv4-compatible addresses, deprecated (RFC 4291)
    '64:ff9b:1::/48', // local-use NAT64
    '100::/64', // discard only
    '100:0:0:1::/64', // dummy prefix
    '2001::/23', // IETF protocol assignments, benchmarking, ORCHID
    '2001:db8::/32', // documentation
    '3fff::/20', // documentation
    '5f00::/16', // segment routing
    'ff00::/8', // multicast (RFC 4291)
  ],
};

/** More specific allocations in these blocks, which are globally reachable. */
const REACHABLE = [
  '192.0.0.9/32', // Port Control Protocol anycast
  '192.0.0.10/32', // TURN anycast
  '2001:1::1/128', // Port Control Protocol anycast
  '2001:1::2/128', // TURN anycast
  '2001:1::3/128', // DNS-SD SRP anycast
  '2001:3::/32', // AMT
  '2001:4:112::/48', // AS112-v6
  '2001:20::/28', // ORCHIDv2
  '2001:30::/28', // drone remote ID
];

/** Blocks whose addresses carry an IPv4 address: the number of bits before it, and whether its bits are inverted. */
const CARRIERS: readonly { readonly block: string; readonly at: number; readonly inverted?: true }[] = [
  { block: '::ffff:0:0/96', at: 96 }, // IPv4-mapped
  { block: '64:ff9b::/96', at: 96 }, // NAT64 (RFC 6052)
  { block: '2002::/16', at: 16 }, // 6to4 (RFC 3056)
  { block: '2001::/32', at: 32 }, // Teredo: its server (RFC 4380)
  { block: '2001::/32', at: 96, inverted: true }, // and its client
];

const SCOPES = Object.entries(BLOCKS).map(([scope, blocks]) => ({
  scope: scope as AddressScope,
  list: blockList(blocks),
}));
const EXCEPTED = blockList(REACHABLE);
const CARRYING = CARRIERS.map((carrier) => ({ ...carrier, list: blockList([carrier.block]) }));

/** @param address IPv4, or IPv6 perhaps with a zone */
export function scopeOf(address: string): AddressScope {
  const plain = address.replace(/%.*$/, '');
  if (isIP(plain) === 4) return scopeIn(plain, 'ipv4');
  const carried = CARRYING.filter(({ list }) => list.check(plain, 'ipv6'));
  if (carried.length === 0) return scopeIn(plain, 'ipv6');
  const scopes = carried.map(({ at, inverted }) => scopeIn(carriedAddress(plain, at, inverted), 'ipv4'));
  return SCOPES.find(({ scope }) => scopes.includes(scope))?.scope ?? 'public';
}

function scopeIn(address: string, family: 'ipv4' | 'ipv6'): AddressScope {
  if (EXCEPTED.check(address, family)) return 'public';
  return SCOPES.find(({ list }) => list.check(address, family))?.scope ?? 'public';
}

function blockList(blocks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const block of blocks) {
    const [address = '', bits] = block.split('/');
    list.addSubnet(address, Number(bits), isIP(address) === 6 ? 'ipv6' : 'ipv4');
  }
  return list;
}

function carriedAddress(address: string, at: number, inverted = false): string {
  const groups = groupsOf(address).slice(at / 16, at / 16 + 2);
  return groups
    .map((group) => (inverted ? group ^ 0xffff : group))
    .flatMap((group) => [group >> 8, group & 0xff])
    .join('.');
}

/** The eight numbers of an IPv6 address; the URL parser writes all of them in hexadecimal. */
function groupsOf(address: string): readonly number[] {
  const { hostname } = new URL(`http://[${address}]`);
  const [before = [], after = []] = hostname
    .slice(1, -1)
    .split('::')
    .map((part) => (part === '' ? [] : part.split(':')));
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0');
  return [...before, ...zeros, ...after].map((group) => Number.parseInt(group, 16));
}
