import { describe, expect, test } from 'vitest';
import { type FakeHub, type FakeHubOptions, synthetic } from '../fakes/hub/fake-hub.ts';
import { readAll } from '../support/read-all.ts';
import { hubWorld, siblingOf, TOKEN } from './hub-world.ts';

/** Storage that serves a signed URL only for the range it was minted for (https://github.com/huggingface/xet-core/issues/897). */

const SIZE = 3_000_000;
const CUT = 1_000_000;
const MIB = 2 ** 20;

const options: FakeHubOptions = {
  repos: [{ id: 'acme/tiny', files: { 'w.bin': synthetic({ size: SIZE }) } }],
  tokens: { [TOKEN]: { user: 'jane' } },
};

const asked = (hub: FakeHub) =>
  hub
    .requests({ method: 'GET', file: 'w.bin' })
    .map(({ routeClass, range, status }) => [routeClass, range, status]);

test('a URL that was refused once for its range is minted again without one', async () => {
  const { hub, read } = await hubWorld(options);
  hub.addFault({ on: 'cdn', kind: 'status', status: 403, body: 'Auth failed: invalid range' });
  expect((await read('acme/tiny', 'w.bin')).length).toBe(SIZE);
  expect(asked(hub)).toEqual([
    ['resolve', undefined, 302],
    ['cdn', undefined, 403],
    ['resolve', undefined, 302],
    ['cdn', undefined, 200],
  ]);
});

describe('when a fresh URL is refused for its range too', () => {
  test('each range gets a URL of its own from there on, and nothing is sent twice', async () => {
    const world = await hubWorld({ ...options, bareUrls: 'whole' }, { token: TOKEN, retries: 1 });
    const { hub, read } = world;
    hub.addFault({ on: 'cdn', kind: 'cut', afterBytes: CUT });
    // The second answer that is long enough: the part that follows the first cut.
    hub.addFault({ on: 'cdn', nth: 2, kind: 'cut', afterBytes: CUT + 1 });
    expect((await read('acme/tiny', 'w.bin')).length).toBe(SIZE);
    const [rest, end] = [`bytes=${CUT}-${SIZE - 1}`, `bytes=${2 * CUT + 1}-${SIZE - 1}`];
    expect(asked(hub)).toEqual([
      ['resolve', undefined, 302],
      ['cdn', undefined, 200],
      ['cdn', `bytes=${CUT}-`, 403],
      ['resolve', undefined, 302],
      ['cdn', `bytes=${CUT}-`, 403],
      ['resolve', rest, 302],
      ['cdn', rest, 206],
      ['resolve', end, 302],
      ['cdn', end, 206],
    ]);
    expect(hub.bytesSent({ on: 'cdn', status: 200 }) + hub.bytesSent({ on: 'cdn', status: 206 })).toBe(SIZE);
    expect(world.reread).toBe(0);
    expect(hub.leaks()).toEqual([]);
  });

  test('a file whose first byte is refused is read that way from its start', async () => {
    const { hub, read } = await hubWorld({ ...options, bareUrls: 'nothing' }, { retries: 0 });
    expect((await read('acme/tiny', 'w.bin')).length).toBe(SIZE);
    expect(asked(hub).slice(4)).toEqual([
      ['resolve', `bytes=0-${SIZE - 1}`, 302],
      ['cdn', `bytes=0-${SIZE - 1}`, 206],
    ]);
  });

  test('a large file is asked for in pieces of 64 MiB, and found to need it once', async () => {
    const size = 2 ** 40;
    const files = { 'w.bin': synthetic({ size, sha256: 'claimed' }) };
    const repos = [{ id: 'acme/huge', files }];
    const { hub, source, resolve } = await hubWorld({ repos, bareUrls: 'nothing', maxCdnBytes: size });
    const model = await resolve('acme/huge');
    const file = source.file(model, siblingOf(model, 'w.bin'));
    for (const start of [0, 2 ** 39]) for await (const _ of file.open({ start })) break;
    const pieces = [0, 2 ** 39].map((start) => `bytes=${start}-${start + 64 * MIB - 1}`);
    expect(asked(hub).slice(4)).toEqual(
      pieces.flatMap((range) => [
        ['resolve', range, 302],
        ['cdn', range, 206],
      ]),
    );
  });

  test('the next piece follows without a retry', async () => {
    const size = 66 * MIB;
    const files = { 'w.bin': synthetic({ size, sha256: 'claimed' }) };
    const repos = [{ id: 'acme/big', files }];
    const { hub, source, resolve } = await hubWorld({ repos, bareUrls: 'nothing' });
    const model = await resolve('acme/big');
    const retries: string[] = [];
    const onRetry = ({ reason }: { reason: string }) => retries.push(reason);
    const file = source.file(model, siblingOf(model, 'w.bin'), { onRetry });
    expect((await readAll(file, MIB)).length).toBe(size - MIB);
    expect(
      asked(hub)
        .slice(-4)
        .map(([, range]) => range),
    ).toEqual([
      `bytes=${MIB}-${65 * MIB - 1}`,
      `bytes=${MIB}-${65 * MIB - 1}`,
      `bytes=${65 * MIB}-${size - 1}`,
      `bytes=${65 * MIB}-${size - 1}`,
    ]);
    // Only the two URLs that were refused.
    expect(retries).toEqual([
      expect.stringContaining('invalid range'),
      expect.stringContaining('invalid range'),
    ]);
  });

  test('a URL that expires in the middle of a piece is minted again for what is left of it', async () => {
    const { hub, read } = await hubWorld({ ...options, bareUrls: 'nothing' });
    hub.addFault({ on: 'cdn', kind: 'cut', afterBytes: CUT });
    hub.addFault({ on: 'cdn', nth: 4, kind: 'status', status: 403, body: 'Request has expired' });
    expect((await read('acme/tiny', 'w.bin')).length).toBe(SIZE);
    const rest = `bytes=${CUT}-${SIZE - 1}`;
    expect(asked(hub).slice(6)).toEqual([
      ['resolve', rest, 302],
      ['cdn', rest, 403],
      ['resolve', rest, 302],
      ['cdn', rest, 206],
    ]);
  });
});
