import { describe, expect, test } from 'vitest';
import { verified } from '../../src/core/verified.ts';
import { type FakeHubOptions, synthetic, text } from '../fakes/hub/fake-hub.ts';
import type { Fault } from '../fakes/hub/faults.ts';
import { wrongSha256 } from '../fakes/hub/listing-lies.ts';
import { readAll } from '../support/read-all.ts';
import { failureOf } from '../support/rejection.ts';
import { hubWorld, siblingOf } from './hub-world.ts';

const SIZE = 300_000;
const options: FakeHubOptions = {
  repos: [
    {
      id: 'acme/tiny',
      files: {
        'w.bin': synthetic({ size: SIZE }),
        'g.bin': synthetic({ size: SIZE, lfs: false, seed: 2 }),
        'config.json': text('{"hidden_size": 64}\n'),
        'empty.txt': text(''),
      },
    },
  ],
};

const EXPECTED_GOT = {
  'w.bin': /^w\.bin .*expected sha256 [0-9a-f]{64}, got [0-9a-f]{64}$/,
  'g.bin': /^g\.bin .*expected git-sha1 [0-9a-f]{40}, got [0-9a-f]{40}$/,
  'config.json': /^config\.json .*expected git-sha1 [0-9a-f]{40}, got [0-9a-f]{40}$/,
};
const FILES = Object.entries(EXPECTED_GOT);

describe('a wrong bit', () => {
  const places = FILES.flatMap(([path, message]) => [0, 10].map((at) => [path, at, message] as const));
  test.each([...places, ['w.bin', SIZE - 1, EXPECTED_GOT['w.bin']] as const])(
    'in %s at byte %i is found before the last byte is given away',
    async (path, at, message) => {
      const { hub, read, retries } = await hubWorld(options);
      hub.addFault({ on: ['cdn', 'resolve-cache'], path, kind: 'flip-byte', at, times: Infinity });
      let given = 0;
      const onBytes = (position: number) => {
        given = position;
      };
      const error = await failureOf(read('acme/tiny', path, { onBytes }));
      expect(error).toMatchObject({ code: 'CONTENT_MISMATCH', message: expect.stringMatching(message) });
      expect(given).toBeLessThan(path === 'config.json' ? 20 : SIZE);
      expect(retries).toEqual([]);
    },
  );

  test('that came before a cut is found after it', async () => {
    const { hub, read } = await hubWorld(options);
    hub.addFault({ on: 'cdn', kind: 'flip-byte', at: 10 });
    hub.addFault({ on: 'cdn', kind: 'cut', afterBytes: 100_000 });
    expect(await failureOf(read('acme/tiny', 'w.bin'))).toMatchObject({ code: 'CONTENT_MISMATCH' });
  });
});

test.each<[fact: string, fault: Fault]>([
  ['announces its length', { kind: 'set-headers', headers: { Server: 'any' } }],
  ['is chunked', { kind: 'chunked' }],
])('a file that is longer than the listing says is found out where it %s', async (_, fault) => {
  const { hub, source, resolve } = await hubWorld(options);
  const model = await resolve('acme/tiny');
  const longer = synthetic({ size: SIZE + 1, lfs: false, seed: 2 });
  const commit = hub.putFile('acme/tiny', 'main', 'g.bin', longer);
  hub.addFault({ on: 'resolve-cache', ...fault });
  const sibling = siblingOf(model, 'g.bin');
  const file = verified(source.file({ ...model, commit }, sibling), { name: 'g.bin', oid: sibling.oid });
  expect(await failureOf(readAll(file))).toMatchObject({
    code: 'CONTENT_MISMATCH',
    message: expect.stringMatching(/^g\.bin .*expected 300000 bytes, got (300001|more)$/),
  });
});

describe('a redirect that names other content than the listing', () => {
  test.each([
    ['x-linked-etag', `"${'e'.repeat(64)}"`, /^w\.bin .*expected sha256 [0-9a-f]{64}, got e{64}$/],
    ['x-linked-etag', `W/"${'e'.repeat(64)}"`, /^w\.bin .*expected sha256 [0-9a-f]{64}, got e{64}$/],
    ['x-linked-size', '7', /^w\.bin .*expected 300000 bytes, got 7$/],
  ])('by its %s is refused before a byte is read', async (name, value, message) => {
    const { hub, read } = await hubWorld(options);
    hub.addFault({ on: 'resolve', method: 'GET', kind: 'set-headers', headers: { [name]: value } });
    expect(await failureOf(read('acme/tiny', 'w.bin'))).toMatchObject({
      code: 'CONTENT_MISMATCH',
      message: expect.stringMatching(message),
    });
    expect(hub.requests({ origin: 'cdn' })).toEqual([]);
  });

  test.each([
    ['x-linked-etag', `"${'e'.repeat(64)}"`],
    ['x-linked-size', '7'],
  ])('is refused by its %s too where the Hub sends the file itself', async (name, value) => {
    const { hub, read } = await hubWorld({ ...options, persona: 'olah' });
    hub.addFault({ on: 'resolve', method: 'GET', kind: 'set-headers', headers: { [name]: value } });
    let given = 0;
    const onBytes = (position: number) => {
      given = position;
    };
    expect(await failureOf(read('acme/tiny', 'w.bin', { onBytes }))).toMatchObject({
      code: 'CONTENT_MISMATCH',
    });
    expect(given).toBe(0);
  });

  test('is refused too when it is the listing that lies', async () => {
    const { hub, read } = await hubWorld(options);
    hub.addFault({ on: 'tree', kind: 'edit-json', edit: wrongSha256('w.bin') });
    expect(await failureOf(read('acme/tiny', 'w.bin'))).toMatchObject({ code: 'CONTENT_MISMATCH' });
  });

  test.each([
    ['x-linked-etag', 'x-linked-size', 'x-repo-commit', 'x-xet-hash'],
    ['etag', 'date'],
  ])('is not missed where the Hub leaves out %s', async (...names) => {
    const { hub, read } = await hubWorld(options);
    hub.addFault({ on: 'resolve', kind: 'drop-headers', names, times: Infinity });
    expect((await read('acme/tiny', 'w.bin')).length).toBe(SIZE);
  });

  test('is not seen in an ETag that is no sha256', async () => {
    const { read } = await hubWorld({ ...options, persona: 'csghub' });
    expect((await read('acme/tiny', 'w.bin')).length).toBe(SIZE);
  });
});

test('an empty file is not asked for', async () => {
  const { hub, read } = await hubWorld(options);
  expect((await read('acme/tiny', 'empty.txt')).length).toBe(0);
  expect(hub.requests({ file: 'empty.txt' })).toEqual([]);
});

test.each(['cdn', 'resolve-cache'] as const)('compressed bytes from %s are refused', async (on) => {
  const { hub, read } = await hubWorld(options);
  hub.addFault({ on, kind: 'gzip' });
  const path = on === 'cdn' ? 'w.bin' : 'g.bin';
  expect(await failureOf(read('acme/tiny', path))).toMatchObject({
    code: 'UNSUPPORTED',
    message: expect.stringMatching(/gzip/),
  });
});
