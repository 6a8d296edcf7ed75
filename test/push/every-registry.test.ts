import { describe, expect, test } from 'vitest';
import { ModelcarError } from '../../src/core/error.ts';
import type { PushEvent } from '../../src/core/event.ts';
import type { ModelSource } from '../../src/core/ports.ts';
import type { Fault } from '../fakes/registry/faults.ts';
import { type PersonalityName, personalities } from '../fakes/registry/personalities.ts';
import type { Personality } from '../fakes/registry/personality.ts';
import { someBytes } from '../support/byte-sources.ts';
import { memoryJournal } from '../support/memory-journal.ts';
import type { MemoryModel } from '../support/memory-model.ts';
import { FILE, layerOf, REPOSITORY, type ScenarioOptions, scenario } from '../support/push-scenario.ts';
import { failureOf } from '../support/rejection.ts';

const MIB = 2 ** 20;
const BIG = someBytes(12 * MIB);
const layer = await layerOf(FILE, BIG);

/** Where an upload can never end well: each request goes to another node than the one before. */
const HOPELESS: PersonalityName = 'artifactory-ha';

const NAMES = (Object.keys(personalities) as PersonalityName[]).filter((name) => name !== HOPELESS);

/** The names by which something is known of them beforehand. */
const KNOWN_AS: Readonly<Record<string, string>> = {
  ecr: '123456789012.dkr.ecr.eu-west-1.amazonaws.com',
  ghcr: 'ghcr.io',
  gar: 'europe-docker.pkg.dev',
  gcr: 'gcr.io',
  acr: 'acme.azurecr.io',
  quay: 'quay.io',
};

interface Options extends ScenarioOptions {
  readonly personality: PersonalityName | Personality;
}

/** A registry by the name that it goes by. */
async function known(options: Options) {
  const { personality } = options;
  const as = typeof personality === 'string' ? KNOWN_AS[personality] : undefined;
  const told = await scenario({
    files: { [FILE]: BIG },
    readSize: MIB / 2,
    ...options,
    ...(as !== undefined && { as }),
  });
  return { told };
}

/** A push that ends in the right image, and what was seen of it. */
async function pushed(options: Options) {
  const { told } = await known(options);
  const { manifestDigest, cost } = await told.push();
  expect(told.tags).toEqual({ v1: manifestDigest });
  expect(told.registry.readBlob(REPOSITORY, layer.digest)?.equals(layer.bytes)).toBe(true);
  return { ...told, cost };
}

describe('a layer arrives', () => {
  test.each(NAMES)('at %s', async (personality) => {
    const { cost } = await pushed({ personality });
    // Some want it in another way than it is sent first; none has it sent a third time.
    expect(cost.resent).toBeLessThanOrEqual(layer.bytes.length);
  });

  test.each(NAMES)('at %s, where the user asks for chunks of 8 MiB', async (personality) => {
    await pushed({ personality, framing: 8 * MIB });
  });

  test.each(NAMES)('at %s, after its body was cut', async (personality) => {
    const faults: Fault[] = [{ on: 'upload-patch', cutAfter: 7 * MIB }];
    await pushed({ personality, faults });
  });

  test.each(NAMES)('at %s, after the third chunk of it was cut', async (personality) => {
    const faults: Fault[] = [{ on: 'upload-patch', nth: 3, cutAfter: MIB }];
    await pushed({ personality, framing: 3 * MIB, faults });
  });
});

/** A model whose first reader gets half of the file, then nothing for a while. */
function halting(model: MemoryModel): ModelSource {
  let halted = false;
  return {
    ...model,
    file(...args) {
      const file = model.file(...args);
      return {
        size: file.size,
        async *open(options) {
          for await (const chunk of file.open(options)) {
            if (!halted && (options?.start ?? 0) === 0)
              await new Promise((resolve) => setTimeout(resolve, 60));
            halted = true;
            yield chunk;
          }
        },
      };
    },
  };
}

describe('a layer whose source falls silent', () => {
  test.each(NAMES)('arrives at %s, and is sent once', async (personality) => {
    const { told } = await known({ personality, silenceMs: 20 });
    const { manifestDigest, cost } = await told.push({ source: halting(told.model) });
    expect(told.tags).toEqual({ v1: manifestDigest });
    expect(told.registry.readBlob(REPOSITORY, layer.digest)?.equals(layer.bytes)).toBe(true);
    // Pulp takes one stream, and says so when the second comes; others want it in another way from the beginning.
    expect(cost.resent).toBeLessThanOrEqual(layer.bytes.length);
  });

  test.each(['ecr', 'gar'] as const)(
    'is not parted at %s, which takes no second stream',
    async (personality) => {
      const { told } = await known({ personality, silenceMs: 20 });
      const { cost } = await told.push({ source: halting(told.model) });
      expect(told.layerPatches()).toHaveLength(1);
      expect(cost.resent).toBe(0);
    },
  );
});

describe('a push that is stopped and run again', () => {
  test.each(['ecr', 'gar', 'dist28', 'dist3'] as const)(
    'ends in the right image at %s',
    async (personality) => {
      const { told } = await known({ personality });
      const journal = memoryJournal();
      const abort = new AbortController();
      const onEvent = (event: PushEvent) => {
        if (event.type === 'layer-progress' && event.sent > 5 * MIB)
          abort.abort(new ModelcarError('CANCELLED', 'stopped'));
      };
      let now = 0;
      const clock = { ...told.clock, now: () => (now += 100) };
      const stopped = told.push({ journal, onEvent, clock, signal: abort.signal });
      expect((await failureOf(stopped)).code).toBe('CANCELLED');
      const { manifestDigest } = await told.push({ journal });
      expect(told.tags).toEqual({ v1: manifestDigest });
      expect(told.registry.readBlob(REPOSITORY, layer.digest)?.equals(layer.bytes)).toBe(true);
    },
  );
});

describe('a registry of several nodes', () => {
  const several = (sticky: 'no' | 'by-cookie', spread: 'in-turn' | 'by-connection') => ({
    ...personalities['artifactory-ha'],
    nodes: { count: 2, spread, sticky },
  });

  test('is found again by the cookie that it sets', async () => {
    const { requests } = await pushed({ personality: several('by-cookie', 'in-turn') });
    expect(requests('upload-patch').map(({ status }) => status)).not.toContain(404);
  });

  test('that nothing leads back to is no use: the push ends soon, and says what to ask for', async () => {
    const told = await scenario({ personality: HOPELESS, retries: 4 });
    const error = await failureOf(told.push());
    expect(error).toMatchObject({ code: 'UNAVAILABLE', hint: expect.stringContaining('sticky sessions') });
    expect(told.registry.log.length).toBeLessThan(40);
  });

  test('is found again by the connection', async () => {
    const { requests } = await pushed({ personality: several('no', 'by-connection') });
    expect(requests('upload-patch').map(({ status }) => status)).not.toContain(404);
  });
});
