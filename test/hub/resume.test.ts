import { describe, expect, test } from 'vitest';
import type { Retry } from '../../src/core/ports.ts';
import { type FakeHubOptions, synthetic } from '../fakes/hub/fake-hub.ts';
import type { Fault } from '../fakes/hub/faults.ts';
import type { Speed } from '../fakes/hub/throttle.ts';
import { readAll } from '../support/read-all.ts';
import { failureOf } from '../support/rejection.ts';
import { everythingIn, hubWorld, SECRETS, siblingOf } from './hub-world.ts';

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

/** Short where the silence is the fault; a busy machine is silent for a while too. */
const patience = ({ kind }: Fault) => (kind === 'stall' || kind === 'silence' ? { stallTimeoutMs: 500 } : {});

describe.each(PLACES)('%s, from %s', (path, on) => {
  test.each(breaks)('that %s goes on at the byte where it happened', async (_, fault) => {
    const world = await hubWorld(options, patience(fault));
    const { hub, read, retries } = world;
    hub.addFault({ ...fault, on, method: 'GET' });
    expect((await read('acme/tiny', path)).length).toBe(SIZE);
    const [retry] = retries;
    expect(retries).toEqual([
      { offset: expect.any(Number), retry: 1, delayMs: 0, reason: expect.any(String) },
    ]);
    expect(hub.requests({ file: path, on }).at(-1)?.range).toBe(`bytes=${retry?.offset}-`);
    // A reset may take with it what was under way; the others lose nothing.
    if (fault.kind !== 'reset') expect(retry?.offset).toBe(BREAK);
    expect(hub.bytesSent({ file: path, on })).toBe(SIZE + BREAK - (retry?.offset ?? 0));
    expect(world.reread).toBe(0);
  });

  test('that breaks at its last byte is asked for this one byte', async () => {
    const { hub, read } = await hubWorld(options);
    hub.addFault({ on, method: 'GET', kind: 'cut', afterBytes: SIZE - 1 });
    expect((await read('acme/tiny', path)).length).toBe(SIZE);
    expect(hub.requests({ file: path, on }).at(-1)?.range).toBe(`bytes=${SIZE - 1}-`);
  });

  test.each<[fact: string, fault: Fault]>([
    ['a reset', { kind: 'close', how: 'reset' }],
    ['a hang-up', { kind: 'close', how: 'fin' }],
    ['silence', { kind: 'silence' }],
    ['a failure of the server', { kind: 'status', status: 503 }],
    ['headers and nothing more', { kind: 'cut', afterBytes: 0 }],
  ])('that begins with %s begins again', async (_, fault) => {
    const { hub, read, retries } = await hubWorld(options, patience(fault));
    hub.addFault({ ...fault, on, method: 'GET' });
    expect((await read('acme/tiny', path)).length).toBe(SIZE);
    expect(retries.map(({ offset }) => offset)).toEqual([0]);
    expect(hub.requests({ file: path, on }).every(({ range }) => range === undefined)).toBe(true);
    expect(hub.bytesSent({ file: path, on, status: 200 })).toBe(SIZE);
  });

  test('over an idle connection that is closed just then is asked for again', async () => {
    const { hub, source, resolve } = await hubWorld(options);
    const model = await resolve('acme/tiny');
    const retries: number[] = [];
    const observe = { onRetry: ({ offset }: Retry) => retries.push(offset) };
    const file = source.file(model, siblingOf(model, path), observe);
    expect((await readAll(file, SIZE - 10)).length).toBe(10);
    hub.addFault({ on, method: 'GET', kind: 'close', reusedOnly: true });
    expect((await readAll(file, SIZE - 5)).length).toBe(5);
    expect(retries).toEqual([SIZE - 5]);
  });

  test('from a server that ignores ranges is read past what was here already, and that is counted', async () => {
    const world = await hubWorld(options);
    const { hub, read } = world;
    hub.addFault({ on, method: 'GET', kind: 'cut', afterBytes: BREAK });
    hub.addFault({ on, kind: 'ignore-range', times: Infinity });
    expect((await read('acme/tiny', path)).length).toBe(SIZE);
    expect(world.reread).toBe(BREAK);
    expect(hub.bytesSent({ file: path, on })).toBe(SIZE + BREAK);
  });

  test('in parts that say neither which they are nor how long is read anew as a whole', async () => {
    const world = await hubWorld(options);
    const { hub, read, retries } = world;
    hub.addFault({ on, method: 'GET', kind: 'cut', afterBytes: BREAK });
    // The second time in the whole that is sent anew: the part in between is not as long as that.
    hub.addFault({ on, method: 'GET', nth: 2, kind: 'cut', afterBytes: 2 * BREAK });
    const when = ({ range }: { range: string | undefined }) => range !== undefined;
    const names = ['Content-Range', 'Content-Length'];
    hub.addFault({ on, when, kind: 'drop-headers', names, times: Infinity });
    expect((await read('acme/tiny', path)).length).toBe(SIZE);
    expect(retries.length).toBe(2);
    // Asked for by ranges once; after the second cut nobody tries that again.
    expect(hub.requests({ file: path, on, status: 206 }).length).toBe(1);
    expect(world.reread).toBeGreaterThanOrEqual(BREAK);
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

test('what is read again because the target lost it is counted, and a cut is not', async () => {
  const { hub, source, resolve } = await hubWorld(options);
  const model = await resolve('acme/tiny');
  const reread: number[] = [];
  const onReread = (bytes: number) => reread.push(bytes);
  const file = source.file(model, siblingOf(model, LFS), { onReread });
  hub.addFault({ on: 'cdn', kind: 'cut', afterBytes: BREAK });
  expect((await readAll(file)).length).toBe(SIZE);
  expect(reread).toEqual([]);
  expect((await readAll(file, SIZE - 500_000)).length).toBe(500_000);
  expect(reread.reduce((sum, bytes) => sum + bytes, 0)).toBe(500_000);
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
  const { hub, read, clock, retries } = await hubWorld(options);
  hub.addFault({ on: 'cdn', kind: 'status', status: 500, times: 3 });
  expect((await read('acme/tiny', LFS)).length).toBe(SIZE);
  expect(retries.map(({ retry }) => retry)).toEqual([1, 2, 3]);
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

  test.each<[fact: string, faults: readonly Fault[]]>([
    ['after a byte of each answer', [{ kind: 'cut', afterBytes: 1, times: Infinity }]],
    [
      'by giving a byte of each range',
      [0, 1, 2, 3, 4].map((n) => ({ kind: 'range-size', nth: n + 1, by: n + 2 - SIZE })),
    ],
  ])('%s is given up as well', async (_, faults) => {
    const { hub, source, resolve } = await hubWorld(options, { retries: 3 });
    for (const fault of faults) hub.addFault({ on: 'cdn', ...fault });
    const model = await resolve('acme/tiny');
    const error = await failureOf(readAll(source.file(model, siblingOf(model, LFS)), 1));
    expect(error.code).toBe('UNAVAILABLE');
    expect(hub.requests({ on: 'cdn' }).map(({ range }) => range)).toEqual(
      [1, 2, 3, 4].map((start) => `bytes=${start}-`),
    );
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

test('a part that goes on beyond its end is cut off there', async () => {
  const world = await hubWorld(options);
  const { hub, read } = world;
  hub.addFault({ on: 'cdn', kind: 'cut', afterBytes: BREAK });
  const scope = {
    on: 'cdn',
    when: ({ range }: { range: string | undefined }) => range !== undefined,
  } as const;
  hub.addFault({ ...scope, kind: 'range-size', by: 10 });
  const headers = { 'Content-Range': `bytes ${BREAK}-${SIZE - 1}/${SIZE}` };
  hub.addFault({ ...scope, kind: 'set-headers', headers });
  hub.addFault({ ...scope, kind: 'chunked' });
  expect((await read('acme/tiny', LFS)).length).toBe(SIZE);
  expect(world.reread).toBe(10);
});

test('a range that cannot be because the file has another size now is told as that', async () => {
  const { hub, read } = await hubWorld(options);
  hub.addFault({ on: 'cdn', kind: 'cut', afterBytes: BREAK });
  hub.addFault({ on: 'cdn', kind: 'range-refused' });
  hub.addFault({ on: 'cdn', nth: 2, kind: 'set-headers', headers: { 'Content-Range': 'bytes */999' } });
  expect(await failureOf(read('acme/tiny', LFS))).toMatchObject({
    code: 'CONTENT_MISMATCH',
    message: expect.stringMatching(/^w\.bin .*expected 3000000 bytes, got 999$/),
  });
});

test.each<[fact: string, speed: Speed]>([
  ['drips', { bytesPerSecondTotal: 200_000 }],
  ['narrows for good after much was taken', { collapse: { afterBytes: 40_000, bytesPerSecond: 200_000 } }],
])('a storage that %s is slow, and no failure', async (_, speed) => {
  // Longer than the patience in all, and never so long without a byte.
  const size = 300_000;
  const repos = [{ id: 'acme/tiny', files: { [LFS]: synthetic({ size }) } }];
  const { hub, read, retries } = await hubWorld({ repos, speed }, { stallTimeoutMs: 1_000 });
  expect((await read('acme/tiny', LFS)).length).toBe(size);
  expect([retries, hub.requests({ on: 'cdn' }).length]).toEqual([[], 1]);
});

const MIB = 2 ** 20;

test('a file that comes as fast as it is read has one connection to the storage', async () => {
  const speed = { collapse: { aboveConnections: 1, bytesPerSecond: 1_000 } };
  const { hub, read, retries } = await hubWorld({ ...options, speed });
  hub.addFault({ on: 'cdn', kind: 'range-size', by: -500_000 });
  hub.addFault({ on: 'cdn', kind: 'chunked-short', afterBytes: BREAK });
  expect((await read('acme/tiny', LFS)).length).toBe(SIZE);
  expect(retries.length).toBe(1);
  expect([hub.peakConnections('cdn'), hub.peakRequests('cdn')]).toEqual([1, 1]);
});

test('far into a file, a server that ignores ranges is asked for a small one before it is read past', async () => {
  const [start, size] = [66 * MIB, 68 * MIB];
  const files = { [LFS]: synthetic({ size, sha256: 'claimed' }) };
  const { hub, source, resolve } = await hubWorld({ repos: [{ id: 'acme/big', files }] });
  hub.addFault({ on: 'cdn', kind: 'ignore-range', times: Infinity });
  const model = await resolve('acme/big');
  let reread = 0;
  const onReread = (bytes: number) => {
    reread += bytes;
  };
  const content = source.file(model, siblingOf(model, LFS), { onReread });
  expect((await readAll(content, start)).length).toBe(size - start);
  expect(hub.requests({ on: 'cdn' }).map(({ range, status }) => [range, status])).toEqual([
    [`bytes=${start}-`, 200],
    [`bytes=${start}-${size - 1}`, 200],
  ]);
  // What came of the first answer before it was left is thrown away too.
  expect(reread).toBeGreaterThan(start);
  expect(reread - start).toBeLessThan(MIB);
});

test('up to 64 MiB into a file, a server that ignores ranges is read past at once', async () => {
  const [start, size] = [64 * MIB, 65 * MIB];
  const files = { [LFS]: synthetic({ size, sha256: 'claimed' }) };
  const { hub, source, resolve } = await hubWorld({ repos: [{ id: 'acme/big', files }] });
  hub.addFault({ on: 'cdn', kind: 'ignore-range', times: Infinity });
  const model = await resolve('acme/big');
  expect((await readAll(source.file(model, siblingOf(model, LFS)), start)).length).toBe(size - start);
  expect(hub.requests({ on: 'cdn' }).map(({ range, status }) => [range, status])).toEqual([
    [`bytes=${start}-`, 200],
  ]);
});

test('a server that ignores large ranges only is asked for small ones from then on', async () => {
  const [start, size] = [65 * MIB, 2 ** 40];
  const file = synthetic({ size, sha256: 'claimed' });
  const { hub, source, resolve } = await hubWorld({
    repos: [{ id: 'acme/big', files: { [LFS]: file } }],
    maxCdnBytes: Infinity,
  });
  hub.addFault({ on: 'cdn', kind: 'ignore-range', above: 64 * MIB, times: Infinity });
  const model = await resolve('acme/big');
  const content = source.file(model, siblingOf(model, LFS));
  for (const from of [start, 2 * start]) for await (const _ of content.open({ start: from })) break;
  expect(hub.requests({ on: 'cdn' }).map(({ range, status }) => [range, status])).toEqual([
    [`bytes=${start}-${start + 16 * 1024 * MIB - 1}`, 200],
    [`bytes=${start}-${start + 64 * MIB - 1}`, 206],
    [`bytes=${2 * start}-${2 * start + 64 * MIB - 1}`, 206],
  ]);
});

test('a part of a large file is known by its length alone, behind a proxy that leaves out Content-Range', async () => {
  const size = 40 * 2 ** 30;
  const files = { [LFS]: synthetic({ size, sha256: 'claimed' }) };
  const { hub, source, resolve } = await hubWorld({
    repos: [{ id: 'acme/huge', files }],
    persona: 'artifactory',
  });
  const model = await resolve('acme/huge');
  for await (const _ of source.file(model, siblingOf(model, LFS)).open({ start: 2 ** 30 })) break;
  expect(hub.requests({ on: 'resolve', status: 206 }).map(({ range }) => range)).toEqual([
    `bytes=${2 ** 30}-${17 * 2 ** 30 - 1}`,
  ]);
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
