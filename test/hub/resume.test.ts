import { describe, expect, test } from 'vitest';
import { type FakeHubOptions, synthetic } from '../fakes/hub/fake-hub.ts';
import type { Fault } from '../fakes/hub/faults.ts';
import { failureOf } from '../support/rejection.ts';
import { everythingIn, hubWorld, SECRETS } from './hub-world.ts';

const SIZE = 3_000_000;
const BREAK = 1_000_000;
const LFS = 'w.bin';
const GIT = 'g.bin';
const DIRECT = 'd.bin';

const options: FakeHubOptions = {
  repos: [
    {
      id: 'acme/tiny',
      files: {
        [LFS]: synthetic({ size: SIZE }),
        [GIT]: synthetic({ size: SIZE, lfs: false, seed: 2 }),
        [DIRECT]: synthetic({ size: SIZE, lfs: false, seed: 3, direct: true }),
      },
    },
  ],
};

/** Where the bytes of a file come from. */
const PLACES = [
  [LFS, 'cdn'],
  [GIT, 'resolve-cache'],
  [DIRECT, 'resolve'],
] as const;

const breaks: readonly [fact: string, fault: Fault][] = [
  ['is cut short', { kind: 'cut', afterBytes: BREAK }],
  ['is reset', { kind: 'reset', afterBytes: BREAK }],
  ['ends in good order, but too soon', { kind: 'chunked-short', afterBytes: BREAK }],
  ['stalls', { kind: 'stall', afterBytes: BREAK }],
];

describe.each(PLACES)('%s, from %s', (path, on) => {
  test.each(breaks)('that %s goes on at the byte where it happened', async (_, fault) => {
    const { hub, read, retries } = await hubWorld(options, { stallTimeoutMs: 250 });
    hub.addFault({ ...fault, on, method: 'GET' });
    expect((await read('acme/tiny', path)).length).toBe(SIZE);
    const [retry] = retries;
    expect(retries).toEqual([
      { offset: expect.any(Number), retry: 1, delayMs: 0, reason: expect.any(String) },
    ]);
    expect(hub.requests({ file: path, on }).at(-1)?.range).toBe(`bytes=${retry?.offset}-`);
    // A reset may take with it what was under way; the others lose nothing.
    if (fault.kind !== 'reset') expect(retry?.offset).toBe(BREAK);
  });

  test('that breaks at its last byte is asked for this one byte', async () => {
    const { hub, read } = await hubWorld(options);
    hub.addFault({ on, method: 'GET', kind: 'cut', afterBytes: SIZE - 1 });
    expect((await read('acme/tiny', path)).length).toBe(SIZE);
    expect(hub.requests({ file: path, on }).at(-1)?.range).toBe(`bytes=${SIZE - 1}-`);
  });

  test('that breaks before its first byte begins again', async () => {
    const { hub, read } = await hubWorld(options);
    hub.addFault({ on, method: 'GET', kind: 'close', how: 'reset' });
    hub.addFault({ on, method: 'GET', kind: 'status', status: 503 });
    expect((await read('acme/tiny', path)).length).toBe(SIZE);
    expect(hub.requests({ file: path, on }).every(({ range }) => range === undefined)).toBe(true);
  });

  test('from a server that ignores ranges is read past what was here already', async () => {
    const { hub, read } = await hubWorld(options);
    hub.addFault({ on, method: 'GET', kind: 'cut', afterBytes: BREAK });
    hub.addFault({ on, kind: 'ignore-range', times: Infinity });
    expect((await read('acme/tiny', path)).length).toBe(SIZE);
  });

  test('in parts, as the server likes to cut them, is no failure', async () => {
    const { hub, read, retries } = await hubWorld(options);
    hub.addFault({ on, kind: 'range-size', by: -500_000 });
    expect((await read('acme/tiny', path, { start: 0 })).length).toBe(SIZE);
    hub.addFault({ on, method: 'GET', kind: 'cut', afterBytes: BREAK });
    expect((await read('acme/tiny', path)).length).toBe(SIZE);
    expect(retries.map(({ offset }) => offset)).toEqual([BREAK]);
  });
});

test('the storage sends again next to nothing after ten cuts', async () => {
  const { hub, read, retries } = await hubWorld(options);
  hub.addFault({ on: 'cdn', kind: 'cut', afterBytes: 100_000, times: 10 });
  expect((await read('acme/tiny', LFS)).length).toBe(SIZE);
  expect(retries.map(({ offset, retry, delayMs }) => [offset, retry, delayMs])).toEqual(
    Array.from({ length: 10 }, (_, index) => [(index + 1) * 100_000, 1, 0]),
  );
  expect(hub.bytesSent({ origin: 'cdn' })).toBe(SIZE);
});

test('a storage that fails without a byte is asked at once, then ever more rarely', async () => {
  const { hub, read, clock } = await hubWorld(options);
  hub.addFault({ on: 'cdn', kind: 'status', status: 500, times: 3 });
  expect((await read('acme/tiny', LFS)).length).toBe(SIZE);
  // At once, then twice as long each time, with jitter.
  expect(clock.sleeps).toEqual([0, 1_000, 2_000]);
});

describe('a storage that goes on failing', () => {
  test.each<[fact: string, fault: Fault, says: RegExp]>([
    ['with a status', { kind: 'status', status: 503 }, /w\.bin of acme\/tiny from the Hub's storage: 503/],
    ['with a reset', { kind: 'close', how: 'reset' }, /GET http:\/\/localhost:\d+\/xet-bridge-us\/\S+: /],
    [
      'with silence after its headers',
      { kind: 'chunked-short', afterBytes: 0 },
      /w\.bin .* ended at byte 0 of 3000000/,
    ],
  ])('%s is given up after the retries', async (_, fault, says) => {
    const { hub, read, retries } = await hubWorld(options, { retries: 3 });
    hub.addFault({ ...fault, on: 'cdn', times: Infinity });
    const error = await failureOf(read('acme/tiny', LFS));
    expect(error).toMatchObject({ code: 'UNAVAILABLE', message: expect.stringMatching(says) });
    expect(everythingIn(error)).not.toMatch(SECRETS);
    expect([retries.length, hub.requests({ on: 'cdn' }).length]).toEqual([3, 4]);
  });

  test('between bytes that do come is not given up', async () => {
    const { hub, read } = await hubWorld(options, { retries: 1 });
    hub.addFault({ on: 'cdn', kind: 'cut', afterBytes: 500_000, times: Infinity });
    expect((await read('acme/tiny', LFS)).length).toBe(SIZE);
  });
});

describe('an answer that cannot be what was asked for', () => {
  const broken: readonly [fact: string, fault: Fault][] = [
    ['a range that starts elsewhere', { kind: 'content-range', shift: 5 }],
    ['a range of another file', { kind: 'content-range', total: SIZE + 1 }],
    ['more than the rest', { kind: 'range-size', by: 10 }],
    ['several ranges', { kind: 'multipart-range' }],
    ['a compressed body', { kind: 'gzip' }],
    ['a range that cannot be', { kind: 'range-refused' }],
  ];
  test.each(broken)('%s is refused with the name of the file', async (_, fault) => {
    const { hub, read } = await hubWorld(options);
    hub.addFault({ on: 'cdn', kind: 'cut', afterBytes: BREAK });
    hub.addFault({ on: 'cdn', when: ({ range }) => range !== undefined, ...fault });
    const error = await failureOf(read('acme/tiny', LFS));
    expect(error).toMatchObject({ code: 'UNSUPPORTED', message: expect.stringContaining('w.bin') });
    expect(everythingIn(error)).not.toMatch(SECRETS);
  });

  test.each<[fact: string, fault: Fault]>([
    ['without Content-Range', { kind: 'drop-headers', names: ['Content-Range'] }],
    ['with a total that is not known', { kind: 'content-range', total: '*' }],
    ['without a length', { kind: 'chunked' }],
  ])('the right part %s is taken', async (_, fault) => {
    const { hub, read } = await hubWorld(options);
    hub.addFault({ on: 'cdn', kind: 'cut', afterBytes: BREAK });
    hub.addFault({ on: 'cdn', when: ({ range }) => range !== undefined, ...fault });
    expect((await read('acme/tiny', LFS)).length).toBe(SIZE);
    expect(hub.bytesSent({ origin: 'cdn' })).toBe(SIZE);
  });
});

test('a file of more than 16 GiB is asked for in parts, because a CDN refuses answers that are too large', async () => {
  const size = 40 * 2 ** 30;
  const { hub, source, resolve } = await hubWorld({
    repos: [{ id: 'acme/huge', files: { 'w.bin': synthetic({ size, sha256: 'claimed' }) } }],
  });
  const model = await resolve('acme/huge');
  const [sibling = expect.fail()] = model.siblings;
  for (const start of [0, 20 * 2 ** 30, 39 * 2 ** 30]) {
    for await (const _ of source.file(model, sibling).open({ start })) break;
  }
  const [part, rest] = [16 * 2 ** 30, 20 * 2 ** 30];
  expect(hub.requests({ on: 'cdn' }).map(({ range }) => range)).toEqual([
    `bytes=0-${part - 1}`,
    `bytes=${rest}-${rest + part - 1}`,
    `bytes=${39 * 2 ** 30}-`,
  ]);
});
