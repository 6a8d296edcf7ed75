import { describe, expect, test } from 'vitest';
import type { Fault } from '../fakes/registry/faults.ts';
import type { PersonalityName } from '../fakes/registry/personalities.ts';
import type { LogEntry } from '../fakes/registry/request-log.ts';
import { BYTES, FILE, layerOf, REPOSITORY, type Scenario, scenario } from '../support/push-scenario.ts';
import { failureOf } from '../support/rejection.ts';

const ALWAYS = Number.POSITIVE_INFINITY;
const layer = await layerOf(FILE, BYTES);
const isChunk = ({ contentRange }: LogEntry) => contentRange !== undefined;
const page = '<html><head><title>404 Not Found</title></head><body>nginx</body></html>';

async function expectPushed(told: Scenario): Promise<void> {
  const { manifestDigest } = await told.push();
  expect(told.tags).toEqual({ v1: manifestDigest });
  expect(told.registry.readBlob(REPOSITORY, layer.digest)?.equals(layer.bytes)).toBe(true);
  expect(told.registry.openSessions).toBe(0);
}

describe.each<PersonalityName>(['dist28', 'dist3', 'olareg'])(
  'a registry (%s) or a proxy before it',
  (personality) => {
    test.each<[how: string, status: number, body: string, patches: number]>([
      ['405, in the words of a registry', 405, '{"errors":[{"code":"UNSUPPORTED","message":"no"}]}', 1],
      ['405, as a page', 405, page, 1],
      ['501', 501, '', 1],
      ['403, as a page of a firewall', 403, page, 1],
      ['400, as a page: the verb is invalid', 400, page, 1],
      // Once it may be a proxy that was restarting.
      ['404, while the session is alive', 404, page, 2],
      ['404 without a word', 404, '', 2],
    ])('that answers PATCH with %s gets every layer in the PUT', async (_, status, body, patches) => {
      const faults: Fault[] = [{ on: 'PATCH', times: ALWAYS, answer: { status, body, at: 'unstored' } }];
      const told = await scenario({ personality, faults, files: { [FILE]: BYTES, 'z.safetensors': BYTES } });
      await expectPushed(told);
      // The second layer begins where the first one ended up.
      expect(told.requests('upload-patch')).toHaveLength(patches);
    });

    test('that refuses streams with 400 gets chunks', async () => {
      const faults: Fault[] = [
        {
          on: 'PATCH',
          where: (entry) => !isChunk(entry),
          times: ALWAYS,
          answer: { status: 400, at: 'unstored' },
        },
      ];
      const told = await scenario({ personality, faults });
      await expectPushed(told);
      expect(told.layerPatches().map((entry) => [entry.status, isChunk(entry)])).toEqual([
        [400, false],
        [202, true],
      ]);
    });

    test('that accepts only chunks, and no PUT with a body, gets chunks', async () => {
      const faults: Fault[] = [
        {
          on: 'PATCH',
          where: (entry) => !isChunk(entry),
          times: ALWAYS,
          answer: { status: 411, at: 'unstored' },
        },
        {
          on: 'upload-put',
          where: ({ contentLength = 0 }) => contentLength > 0,
          times: ALWAYS,
          answer: { status: 405, at: 'unstored' },
        },
      ];
      await expectPushed(await scenario({ personality, faults }));
    });

    test.each([404, 405])(
      'that answers %i to every way ends the push after a bounded number of requests',
      async (status) => {
        const answer = { status, body: page, at: 'unstored' } as const;
        const faults: Fault[] = [{ on: ['PATCH', 'upload-put'], times: ALWAYS, answer }];
        const told = await scenario({ personality, faults, retries: 4 });
        expect((await failureOf(told.push())).code).toBe(status === 404 ? 'UNAVAILABLE' : 'REJECTED');
        expect(told.registry.log.length).toBeLessThan(40);
        expect([told.tags, told.model.readers()]).toEqual([{}, 0]);
      },
    );

    test('that restarts behind a proxy, which answers 404 once, still gets a stream', async () => {
      const faults: Fault[] = [{ on: 'PATCH', answer: { status: 404, body: page, at: 'unstored' } }];
      const told = await scenario({ personality, faults });
      await expectPushed(told);
      expect(told.layerPatches().map(({ status }) => status)).toEqual([404, 202]);
    });
  },
);

test('a registry in read-only mode does not count as one without POST, and nothing is sent', async () => {
  const answer = { status: 405, body: 'Method not allowed\n', headers: { allow: 'GET, HEAD' } };
  const told = await scenario({ faults: [{ on: 'upload-post', times: ALWAYS, answer }] });
  const error = await failureOf(told.push());
  expect(error).toMatchObject({ code: 'UNAVAILABLE', hint: expect.stringContaining('read-only mode') });
  expect(told.requests('upload-post')).toHaveLength(1);
});
