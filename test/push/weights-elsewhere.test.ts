import { describe, expect, test } from 'vitest';
import { type FakeHubOptions, json, text } from '../fakes/hub/fake-hub.ts';
import { localPush } from '../support/local-push.ts';
import { failureOf } from '../support/rejection.ts';

/** A repository whose weights are on branches, as those of exl2 quantisations are. */
const NAME = 'acme/exl2';
const weights = { 'config.json': json({}), 'output.safetensors': text('weights'), 'README.md': text('card') };
const options: FakeHubOptions = {
  repos: [
    {
      id: NAME,
      files: { 'README.md': text('card'), 'measurement.json': json({ bits: [3, 4] }) },
      branches: { '3.0bpw': weights, '4.0bpw': weights, notes: { 'README.md': text('notes') } },
    },
  ],
};

describe('a revision without weights', () => {
  test.each(['push', 'plan'] as const)(
    'ends a %s before the first byte, and names the branches that have weights',
    async (work) => {
      const world = await localPush(options);
      const error = await failureOf(world[work](NAME));
      expect(error).toMatchObject({ code: 'USAGE', message: expect.stringContaining(NAME) });
      const said = `${error.message}\n${error.hint}`;
      expect(said).toContain('3.0bpw');
      expect(said).toContain('4.0bpw');
      expect(said).not.toContain('notes');
      expect(world.hub.requests({ on: 'resolve', method: 'GET' })).toEqual([]);
      expect(world.registry.log).toEqual([]);
    },
  );

  test.each([
    ['that has no such route', { kind: 'status', status: 404 }],
    ['that fails', { kind: 'status', status: 400, body: 'Unsupported request' }],
    ['that answers with a page', { kind: 'status', status: 200, body: '<html>' }],
    ['that lists nothing', { kind: 'edit-json', edit: () => ({ branches: [] }) }],
  ] as const)('is the error also at a Hub %s', async (_, fault) => {
    const { hub, push } = await localPush(options);
    hub.addFault({ on: 'refs', times: Number.POSITIVE_INFINITY, ...fault });
    const error = await failureOf(push(NAME));
    expect(error).toMatchObject({ code: 'USAGE', message: expect.stringContaining(NAME) });
    expect(error.message).not.toContain('3.0bpw');
  });

  test.each(['nexus', 'csghub', 'hfd', 'olah', 'hf-mirror', 'artifactory'] as const)(
    'is the error also at a mirror like %s',
    async (persona) => {
      const { push } = await localPush({ ...options, persona });
      expect(await failureOf(push(NAME))).toMatchObject({ code: 'USAGE' });
    },
  );

  test('causes a warning if the user has chosen files, and the push continues', async () => {
    const { push, layers, events } = await localPush(options);
    await push(NAME, { allowPatterns: ['*'] });
    expect(layers(NAME)).toHaveLength(2);
    expect(events.filter(({ type }) => type === 'warning')).toEqual([
      { type: 'warning', code: 'no-weights', message: expect.stringContaining('4.0bpw') },
    ]);
  });

  test('is not checked for a dataset, nor for a revision with weights', async () => {
    const dataset = { id: 'acme/rows', type: 'dataset', files: { 'README.md': text('card') } } as const;
    const { hub, push } = await localPush({ repos: [...(options.repos ?? []), dataset] });
    await push(NAME, { revision: '4.0bpw' });
    await push('datasets/acme/rows');
    expect(hub.requests({ on: 'refs' })).toEqual([]);
  });

  test('is reported without control characters from the names of branches', async () => {
    const { hub, push } = await localPush(options);
    const edit = (refs: unknown) =>
      JSON.parse(JSON.stringify(refs).replaceAll('4.0bpw', 'https://x.test/?Signature=s3cret\\n::error::x'));
    hub.addFault({ on: 'refs', kind: 'edit-json', edit, times: Number.POSITIVE_INFINITY });
    const error = await failureOf(push(NAME));
    expect(error.message).toContain('3.0bpw');
    expect(`${error.message}${error.hint}`).not.toMatch(/s3cret|\n::/);
  });
});
