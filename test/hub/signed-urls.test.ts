import { describe, expect, test } from 'vitest';
import { type FakeHub, type FakeHubOptions, synthetic } from '../fakes/hub/fake-hub.ts';
import { readAll } from '../support/read-all.ts';
import { failureOf } from '../support/rejection.ts';
import { everythingIn, hubWorld, SECRETS, siblingOf } from './hub-world.ts';

const SIZE = 3_000_000;
const options: FakeHubOptions = {
  repos: [{ id: 'acme/tiny', files: { 'w.bin': synthetic({ size: SIZE }) } }],
};

const mints = (hub: FakeHub) => hub.requests({ on: 'resolve', method: 'GET' });

test('one signed URL serves the whole file and every part of it', async () => {
  const { hub, source, resolve } = await hubWorld(options);
  const model = await resolve('acme/tiny');
  const file = source.file(model, siblingOf(model, 'w.bin'));
  for (const start of [2_000_000, 0, 1, 2_999_999]) {
    let size = 0;
    for await (const chunk of file.open({ start })) size += chunk.length;
    expect(size).toBe(SIZE - start);
  }
  expect(mints(hub).length).toBe(1);
});

test('a URL that expires in mid-file is minted again without a Range, and the file goes on at its byte', async () => {
  const { hub, read, retries } = await hubWorld(options);
  hub.addFault({ on: 'cdn', kind: 'run', run: () => hub.expireUrls() });
  hub.addFault({ on: 'cdn', kind: 'cut', afterBytes: 1_000_000 });
  expect((await read('acme/tiny', 'w.bin')).length).toBe(SIZE);
  expect(retries.map(({ offset }) => offset)).toEqual([1_000_000, 1_000_000]);
  expect(hub.requests({ origin: 'cdn' }).map(({ range, status }) => [range, status])).toEqual([
    [undefined, 200],
    ['bytes=1000000-', 403],
    ['bytes=1000000-', 206],
  ]);
  expect(mints(hub).map(({ range }) => range)).toEqual([undefined, undefined]);
});

test('a file that is under way when its URL expires is not cut', async () => {
  const { hub, read, clock, retries } = await hubWorld(options);
  hub.addFault({ on: 'cdn', kind: 'stall', afterBytes: 1_000_000, seconds: 0.05 });
  const onBytes = (position: number) => {
    if (position !== 1_000_000) return;
    clock.pass(7_200_000);
    hub.expireUrls();
  };
  expect((await read('acme/tiny', 'w.bin', { onBytes })).length).toBe(SIZE);
  expect([retries, hub.requests({ origin: 'cdn' }).length, mints(hub).length]).toEqual([[], 1, 1]);
});

test('a URL that expires costs no retry: another one comes where none is allowed', async () => {
  const { hub, source, resolve, read, retries } = await hubWorld(options, { retries: 0 });
  const model = await resolve('acme/tiny');
  const file = source.file(model, siblingOf(model, 'w.bin'));
  expect((await readAll(file, SIZE - 1)).length).toBe(1);
  hub.expireUrls();
  expect((await readAll(file, SIZE - 2)).length).toBe(2);
  hub.addFault({ on: 'cdn', kind: 'status', status: 403, times: 3 });
  expect((await read('acme/tiny', 'w.bin')).length).toBe(SIZE);
  // An event never says "retry 0".
  expect(retries.map(({ retry }) => retry)).toEqual([1, 1, 1]);
});

test('an edge with another ETag goes on with the same file', async () => {
  const { hub, read } = await hubWorld(options);
  hub.addFault({ on: 'cdn', kind: 'cut', afterBytes: 1_000_000 });
  hub.addFault({ on: 'cdn', nth: 2, kind: 'set-headers', headers: { ETag: '"another edge"' } });
  expect((await read('acme/tiny', 'w.bin')).length).toBe(SIZE);
  expect(hub.requests({ origin: 'cdn' }).map(({ headers }) => headers['if-range'])).toEqual([
    undefined,
    undefined,
  ]);
});

test('a URL that is about to expire is not used again', async () => {
  const { hub, read, clock } = await hubWorld({ ...options, urlLifeSeconds: 100 });
  hub.addFault({ on: 'cdn', kind: 'cut', afterBytes: 1_000_000 });
  hub.addFault({ on: 'cdn', nth: 2, kind: 'cut', afterBytes: 500_000 });
  const onBytes = (position: number) => {
    if (position === 1_000_000) clock.pass(70_000);
    if (position === 1_500_000) clock.pass(15_000);
  };
  expect((await read('acme/tiny', 'w.bin', { onBytes })).length).toBe(SIZE);
  expect(hub.requests({ origin: 'cdn' }).map(({ status }) => status)).toEqual([200, 206, 206]);
  expect(mints(hub).length).toBe(2);
});

test.each([3600, -3600])(
  'a Hub whose clock is off by %i s gives URLs that do for their time',
  async (skew) => {
    const { hub, read } = await hubWorld({ ...options, clockSkewSeconds: skew });
    hub.addFault({ on: 'cdn', kind: 'cut', afterBytes: 1_000_000 });
    expect((await read('acme/tiny', 'w.bin')).length).toBe(SIZE);
    expect(mints(hub).length).toBe(1);
  },
);

test('a URL is used to the letter, also where parsing would change it', async () => {
  const { read } = await hubWorld({ ...options, oddEscapes: true });
  expect((await read('acme/tiny', 'w.bin')).length).toBe(SIZE);
});

test('a storage that moves to another host between two URLs is followed', async () => {
  const { hub, read } = await hubWorld({ ...options, cdnCount: 2 });
  hub.addFault({ on: 'cdn', kind: 'run', run: () => hub.expireUrls() });
  hub.addFault({ on: 'cdn', kind: 'cut', afterBytes: 1_000_000 });
  expect((await read('acme/tiny', 'w.bin')).length).toBe(SIZE);
  const hosts = hub.requests({ origin: 'cdn' }).map(({ status, headers }) => [status, headers.host]);
  const [first, second] = [hosts[0]?.[1], hosts[2]?.[1]];
  expect(hosts).toEqual([
    [200, first],
    [403, first],
    [206, second],
  ]);
  expect(second).not.toBe(first);
});

describe('a URL that is refused', () => {
  test.each([401, 403, 404, 410])('with %i is minted again', async (status) => {
    const { hub, read } = await hubWorld(options);
    hub.addFault({ on: 'cdn', kind: 'status', status });
    expect((await read('acme/tiny', 'w.bin')).length).toBe(SIZE);
    expect(mints(hub).length).toBe(2);
  });

  test('for a key that an edge does not know is minted again', async () => {
    const { hub, read } = await hubWorld(options);
    const run = () => {
      hub.knobs.unknownKeyMints = 2;
    };
    hub.addFault({ on: 'resolve', method: 'GET', kind: 'run', run });
    expect((await read('acme/tiny', 'w.bin')).length).toBe(SIZE);
    expect(mints(hub).length).toBe(3);
  });

  test.each([
    ['Auth failed: SignatureError: invalid key pair id', 403],
    ['Auth failed: invalid range', 403],
    ['<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>', 403],
    ['<Error>Signature=abc&Key-Pair-Id=abc https://cdn.test/x?user_id=1</Error>', 403],
    ['Not Found', 404],
  ])('for ever is given up soon, with what the storage said: %s', async (body, status) => {
    const { hub, read } = await hubWorld(options, { retries: 100 });
    hub.addFault({ on: 'cdn', kind: 'status', status, body, times: Infinity });
    const error = await failureOf(read('acme/tiny', 'w.bin'));
    expect(error).toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringMatching(
        new RegExp(`w\\.bin of acme/tiny from the Hub's storage: ${status} \\S`),
      ),
      hint: expect.stringMatching(/fresh URL/),
    });
    expect(everythingIn(error)).not.toMatch(SECRETS);
    expect(mints(hub).length).toBe(4);
  });

  test('with 400 because the file has 400 GB and more says what to do', async () => {
    const files = { 'w.bin': synthetic({ size: 430e9, sha256: 'claimed' }) };
    const { hub, source, resolve } = await hubWorld({ repos: [{ id: 'acme/huge', files }] });
    const model = await resolve('acme/huge');
    const error = await failureOf(readAll(source.file(model, siblingOf(model, 'w.bin'))));
    expect(error).toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringMatching(/read w\.bin of acme\/huge from the Hub's storage: 400/),
      hint: expect.stringMatching(/400 GB.*--ignore-patterns/),
    });
    expect(mints(hub).length).toBe(1);
  });

  test('with 400, as for files of 400 GB and more, is not asked for again', async () => {
    const { hub, read } = await hubWorld({ ...options, maxCdnBytes: 1_000 });
    const error = await failureOf(read('acme/tiny', 'w.bin'));
    expect(error).toMatchObject({ code: 'UNSUPPORTED', message: expect.stringMatching(/w\.bin.*400/) });
    expect(mints(hub).length).toBe(1);
  });
});

describe('redirects', () => {
  test('in a circle come to an end', async () => {
    const { hub, read } = await hubWorld(options);
    hub.addFault({
      on: 'resolve',
      method: 'GET',
      kind: 'redirect',
      status: 302,
      to: (target) => target,
      times: Infinity,
    });
    const error = await failureOf(read('acme/tiny', 'w.bin'));
    expect(error).toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringMatching(/redirects more than/),
    });
    expect(mints(hub).length).toBe(10);
  });

  test.each(['ftp://localhost/x', 'file:///etc/passwd', 'https://', 'http://['])(
    'to %s are not followed',
    async (location) => {
      const { hub, read } = await hubWorld(options);
      hub.addFault({ on: 'resolve', method: 'GET', kind: 'edit-location', edit: () => location });
      expect(await failureOf(read('acme/tiny', 'w.bin'))).toMatchObject({ code: 'UNSUPPORTED' });
    },
  );

  test('that lead nowhere do not show the URL that was signed', async () => {
    const { hub, read } = await hubWorld(options);
    hub.addFault({
      on: 'resolve',
      method: 'GET',
      kind: 'drop-headers',
      names: ['Location'],
      times: Infinity,
    });
    const error = await failureOf(read('acme/tiny', 'w.bin'));
    expect(error).toMatchObject({ code: 'UNSUPPORTED', message: expect.stringMatching(/w\.bin.*302/) });
    expect(everythingIn(error)).not.toMatch(SECRETS);
  });

  test.each([301, 302, 303, 307, 308])('of the Hub to its storage may be a %i', async (status) => {
    const { hub, read } = await hubWorld(options);
    hub.addFault({ on: 'resolve', kind: 'edit-location', status, times: Infinity });
    expect((await read('acme/tiny', 'w.bin')).length).toBe(SIZE);
    expect(mints(hub).length).toBe(1);
  });

  test('of the storage to other storage are followed', async () => {
    const { hub, read } = await hubWorld(options);
    hub.addFault({ on: 'cdn', kind: 'redirect', status: 302, to: (target) => target });
    expect((await read('acme/tiny', 'w.bin')).length).toBe(SIZE);
  });
});
