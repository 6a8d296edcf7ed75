import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Clock } from '../../src/core/ports.ts';
import { createStateFile } from '../../src/state/state-file.ts';
import { thisUser } from '../../src/this-process.ts';
import type { PersonalityName } from '../fakes/registry/personalities.ts';
import { memoryJournal } from '../support/memory-journal.ts';
import { BYTES, FILE, layerOf, REPOSITORY, scenario } from '../support/push-scenario.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { mark, testProcesses } from '../support/test-processes.ts';

const layer = await layerOf(FILE, BYTES);
const CUT_AT = 600_000;

/** A registry that goes away while it takes the layer, and the journal of the push that gave up. */
async function leftOpen(personality: PersonalityName) {
  const told = await scenario({ personality, retries: 0, faults: [{ on: 'PATCH', cutAfter: CUT_AT }] });
  const journal = memoryJournal();
  await expect(told.push({ journal })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  return { told, journal };
}

const sent = ({ layerPatches }: Awaited<ReturnType<typeof scenario>>) =>
  layerPatches().reduce((sum, { bytesReceived }) => sum + bytesReceived, 0);

/** A tenth of a second passes whenever somebody looks. */
function hasty(clock: Clock): Clock {
  let now = 0;
  return {
    ...clock,
    now() {
      now += 100;
      return now;
    },
  };
}

const resumed = ({ events }: Awaited<ReturnType<typeof scenario>>) =>
  events.filter((event) => event.type === 'layer-resumed').map(({ offset }) => offset);

describe('an upload that a push left open', () => {
  test.each(['dist3', 'olareg'] as const)(
    'is gone on with at %s: nothing is sent twice',
    async (personality) => {
      const { told, journal } = await leftOpen(personality);
      const { manifestDigest } = await told.push({ journal, clock: hasty(told.clock) });
      expect(told.tags).toEqual({ v1: manifestDigest });
      expect(told.registry.readBlob(REPOSITORY, layer.digest)?.equals(layer.bytes)).toBe(true);
      expect(sent(told)).toBe(layer.bytes.length);
      expect(resumed(told)).toEqual([CUT_AT]);
      // The bytes before it are read once more, for the digest, and whoever waits for that sees it.
      expect(told.model.opened(FILE)).toEqual([0, 0]);
      const read = told.events.filter((event) => event.type === 'layer-rereading');
      expect(read.length).toBeGreaterThan(1);
      expect(read.at(-1)?.read).toBeLessThanOrEqual(CUT_AT);
      expect(new Set(read.map(({ size }) => size))).toEqual(new Set([CUT_AT]));
      expect(journal.session).toBeUndefined();
    },
  );

  test('is found in the state file by the next run, which sends only the rest', async () => {
    const path = join(await tempFolder(), 'state.json');
    const told = await scenario({
      personality: 'dist3',
      retries: 0,
      faults: [{ on: 'PATCH', cutAfter: CUT_AT }],
    });
    const journal = (pid: number) =>
      createStateFile({
        path,
        clock: told.clock,
        user: thisUser,
        onWarning: expect.fail,
        processes: testProcesses({ self: mark(pid) }),
      });
    await expect(told.push({ journal: journal(7) })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(told.registry.openSessions).toBe(1);
    const { manifestDigest } = await told.push({ journal: journal(8) });
    expect(told.tags).toEqual({ v1: manifestDigest });
    expect([resumed(told), sent(told)]).toEqual([[CUT_AT], layer.bytes.length]);
  });

  test('begins again where the registry lost it, and the push says so', async () => {
    const { told, journal } = await leftOpen('dist28');
    const { manifestDigest } = await told.push({ journal });
    expect(told.tags).toEqual({ v1: manifestDigest });
    expect(resumed(told)).toEqual([0]);
    expect(sent(told)).toBe(CUT_AT + layer.bytes.length);
  });

  test('begins again where the registry denies that it knows it, in whatever words', async () => {
    const { told, journal } = await leftOpen('dist3');
    told.registry.addFault({ on: 'upload-get', answer: { status: 403 } });
    const { manifestDigest } = await told.push({ journal });
    expect(told.tags).toEqual({ v1: manifestDigest });
  });

  test('is not asked for at another host than the registry, whatever the journal says', async () => {
    const { told, journal } = await leftOpen('dist3');
    journal.session = { location: 'http://127.0.0.1:9/v2/acme/llama/blobs/uploads/x', offset: 0 };
    await told.push({ journal });
    expect(resumed(told)).toEqual([]);
  });

  test('that holds other bytes after all is sent anew, once', async () => {
    const { told, journal } = await leftOpen('dist3');
    told.registry.addFault({ on: 'PUT', answer: { status: 400, body: DIGEST_INVALID } });
    const { manifestDigest } = await told.push({ journal });
    expect(told.tags).toEqual({ v1: manifestDigest });
    expect(told.registry.readBlob(REPOSITORY, layer.digest)?.equals(layer.bytes)).toBe(true);
  });

  test('is cancelled, and not written down, when no later run could use it', async () => {
    const answer = { status: 400 };
    const faults = [{ on: ['PATCH', 'upload-put'], times: Infinity, answer }] as const;
    const told = await scenario({ personality: 'dist3', faults });
    const journal = memoryJournal();
    await expect(told.push({ journal })).rejects.toMatchObject({ code: 'REJECTED' });
    expect([journal.session, told.registry.openSessions]).toEqual([undefined, 0]);
  });
});

const DIGEST_INVALID = '{"errors":[{"code":"DIGEST_INVALID","message":"provided digest did not match"}]}';
