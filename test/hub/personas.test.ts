import { describe, expect, test } from 'vitest';
import { bytes, type FakeHubOptions, startFakeHub, synthetic, text } from '../fakes/hub/fake-hub.ts';
import type { Persona } from '../fakes/hub/personas.ts';
import { localPush } from '../support/local-push.ts';
import { failureOf } from '../support/rejection.ts';
import { TOKEN } from './hub-world.ts';

const NAME = 'acme/seven';

/** Seven files, three to a page: of git and of LFS, one empty, one in a folder with a name that must be escaped. */
const repo = {
  id: NAME,
  private: true,
  files: {
    'config.json': text('{"model_type":"llama"}'),
    'generation_config.json': bytes(new Uint8Array()),
    LICENSE: text('free'),
    'README.md': text('read me'),
    'größe 1/model.safetensors': synthetic({ size: 70_000, seed: 3 }),
    'model.safetensors': synthetic({ size: 150_000, seed: 4 }),
    'tokenizer.json': text('{"version":"1.0"}'),
  },
} as const;

const options: FakeHubOptions = {
  repos: [repo],
  tokens: { [TOKEN]: { user: 'jane', reads: [NAME] } },
  pageSize: 3,
};

/** The image, as it comes from the Hub itself. */
async function manifestDigest(): Promise<string> {
  const { push } = await localPush(options);
  return (await push(NAME, { hub: { token: TOKEN }, allowPatterns: ['*'] })).manifestDigest;
}

/** Pushes all of it, cut off once in the middle of a file. */
async function pushed(hubOptions: FakeHubOptions) {
  const world = await localPush(hubOptions);
  const { hub, push } = world;
  hub.addFault({
    on: ['cdn', 'resolve'],
    method: 'GET',
    path: 'model.safetensors',
    kind: 'cut',
    afterBytes: 50_000,
  });
  const result = await push(NAME, { hub: { token: TOKEN }, allowPatterns: ['*'] });
  return { ...world, result };
}

/** Which of them give a listing in pages, and which send large files themselves. */
const personas: readonly [persona: Persona, pages: number, storage: boolean][] = [
  ['artifactory', 3, false],
  ['nexus', 3, false],
  ['csghub', 3, true],
  ['olah', 3, false],
  ['hf-mirror', 3, true],
  ['hfd', 1, false],
];

describe('a push from a mirror', () => {
  test.each(personas)('like %s ends in the image of the Hub itself', async (persona, pages, storage) => {
    // hfd lists in one piece, whatever its knob.
    const own = persona === 'hfd' ? { repos: options.repos ?? [], tokens: options.tokens ?? {} } : options;
    const { hub, events, result, layers } = await pushed({ ...own, persona });
    expect(result.manifestDigest).toBe(await manifestDigest());
    expect(layers(NAME).length).toBe(7);
    expect(hub.requests({ on: 'tree' }).length).toBe(pages);
    expect(hub.requests({ origin: 'cdn' }).length > 0).toBe(storage);
    expect(events.filter(({ type }) => type === 'layer-retrying').length).toBe(1);
    expect(hub.leaks()).toEqual([]);
  });

  test.each(['nexus', 'artifactory'] as const)(
    'like %s without a tree ends in the same image',
    async (persona) => {
      const { hub, push } = await localPush({ ...options, persona });
      hub.addFault({ on: 'tree', kind: 'status', status: 400, body: 'Unsupported request', times: Infinity });
      const result = await push(NAME, { hub: { token: TOKEN }, allowPatterns: ['*'] });
      expect(result.manifestDigest).toBe(await manifestDigest());
    },
  );

  test.each([
    ['artifactory', 'NOT_FOUND'],
    ['nexus', 'NOT_FOUND'],
    ['csghub', 'NOT_FOUND'],
    ['olah', 'NOT_FOUND'],
    ['hf-mirror', 'NOT_FOUND'],
    ['hfd', 'NOT_FOUND'],
  ] as const)(
    'like %s of a model that it does not have is an error that says so: %s',
    async (persona, code) => {
      const { push } = await localPush({ ...options, persona });
      const error = await failureOf(push('acme/nothing', { hub: { token: TOKEN, retries: 0 } }));
      expect(error).toMatchObject({ code, message: expect.stringContaining('acme/nothing') });
    },
  );
});

test('a mirror that sends everybody on to the Hub is followed, and the token stays with the mirror', async () => {
  const origin = await startFakeHub({ ...options, repos: [{ ...repo, private: false }] });
  try {
    const { hub, result } = await pushed({ ...options, persona: 'hf-mirror', movedTo: origin.endpoint });
    expect(result.manifestDigest).toBe(await manifestDigest());
    expect(hub.log.every(({ hadAuthorization }) => hadAuthorization)).toBe(true);
    expect(origin.log.length).toBeGreaterThan(7);
    expect(origin.log.filter(({ hadAuthorization }) => hadAuthorization)).toEqual([]);
  } finally {
    await origin.close();
  }
});
