import { expect, onTestFinished, test } from 'vitest';
import { atOnce } from '../../src/core/at-once.ts';
import { createNodeTransport } from '../../src/http/node-http.ts';
import { createPacer, type Hold } from '../../src/http/pacing.ts';
import type { Transport } from '../../src/http/transport.ts';
import { type FakeHub, startFakeHub, text } from '../fakes/hub/fake-hub.ts';
import { readAll } from '../support/read-all.ts';
import { type VirtualClock, virtualClock } from '../support/virtual-clock.ts';
import { clientOf, type HubWorld } from './hub-world.ts';

const NAME = 'acme/many';

interface Setup {
  readonly files: number;
  readonly resolvers?: number;
  /** As a mirror that sends small files itself. */
  readonly direct?: boolean;
}

interface ManyFiles extends Pick<HubWorld, 'hub' | 'retries'> {
  readonly clock: VirtualClock;
  readonly holds: readonly Hold[];
  /** Reads all files, so many at once, and gives how many bytes came. */
  readEverything(workers: number): Promise<number>;
}

/** A model of files of 1 KB, at a Hub whose windows of five minutes pass as fast as we wait for them. */
async function manyFiles({ files, resolvers, direct = false }: Setup): Promise<ManyFiles> {
  const content = Object.fromEntries(
    Array.from({ length: files }, (_, n) => [`f${n}.txt`, text(`${n}`.padEnd(1024, '.'))]),
  );
  const hub: FakeHub = await startFakeHub({
    repos: [{ id: NAME, files: content }],
    ...(resolvers !== undefined && { quota: { resolvers } }),
    direct: () => direct,
  });
  onTestFinished(() => hub.close());
  let underWay = 0;
  const clock = virtualClock({
    date: Date.now(),
    busy: () => underWay > 0,
    onMove: (ms) => hub.advanceClock(ms / 1000),
  });
  const node = createNodeTransport();
  onTestFinished(() => node.close());
  const transport: Transport = async (request) => {
    underWay += 1;
    return node.send(request).finally(() => {
      underWay -= 1;
    });
  };
  const holds: Hold[] = [];
  const pacer = createPacer({ clock, onHold: (hold) => holds.push(hold) });
  const world = clientOf(hub, { clock, transport, pacer });
  return {
    ...world,
    clock,
    holds,
    async readEverything(workers) {
      const model = await clock.run(world.resolve(NAME));
      const reading = atOnce(model.siblings, workers, new AbortController().signal, async (sibling) => {
        const bytes = await readAll(world.source.file(model, sibling));
        return bytes.length;
      });
      return (await clock.run(reading)).reduce((sum, size) => sum + size, 0);
    },
  };
}

test('a thousand files of 1 KB are read by eight at once where the Hub allows sixty requests in five minutes', async () => {
  const { hub, clock, holds, readEverything } = await manyFiles({ files: 1000, resolvers: 60, direct: true });
  expect(await readEverything(8)).toBe(1_024_000);
  const windows = Math.ceil(1001 / 60);
  // Where the first window ends some are on their way already; a storm would be one from each at the end of each.
  expect(hub.requests({ status: 429 }).length).toBeLessThanOrEqual(16);
  expect(clock.now() / 300_000).toBeLessThan(windows + 1);
  // Told twice or so for each window, not once for each who waits.
  expect(holds.length).toBeLessThan(windows * 3);
  expect(holds[0]?.reason).toMatch(/^\d of 60 requests are left to us \(resolvers\)$/);
});

test('who reads one file after the other is refused nothing', async () => {
  const { hub, retries, readEverything } = await manyFiles({ files: 60, resolvers: 20 });
  expect(await readEverything(1)).toBe(60 * 1024);
  expect(hub.requests({ status: 429 })).toEqual([]);
  expect(retries).toEqual([]);
});

test('a quota that is not nearly used up holds nobody back', async () => {
  const { clock, readEverything } = await manyFiles({ files: 20 });
  expect(await readEverything(4)).toBe(20 * 1024);
  expect(clock.sleeps).toEqual([]);
});
