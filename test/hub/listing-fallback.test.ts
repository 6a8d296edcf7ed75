import { describe, expect, test } from 'vitest';
import { bytes, type FakeHub, type FakeHubOptions, synthetic, text } from '../fakes/hub/fake-hub.ts';
import { withoutFields } from '../fakes/hub/listing-lies.ts';
import { failureOf } from '../support/rejection.ts';
import { everythingIn, hubWorld, SECRETS, TOKEN } from './hub-world.ts';

const options: FakeHubOptions = {
  repos: [
    {
      id: 'acme/tiny',
      files: {
        'config.json': text('{}'),
        'empty.txt': bytes(new Uint8Array()),
        'größe/w 1.bin': synthetic({ size: 5_000 }),
        'w.bin': synthetic({ size: 7_000, seed: 2 }),
      },
    },
  ],
  tokens: { [TOKEN]: { user: 'jane' } },
};

/** What the tree lists, to compare with. */
async function world() {
  const all = await hubWorld(options, { token: TOKEN });
  const { siblings } = await all.resolve('acme/tiny');
  all.hub.clearLog();
  const listed = async () => (await all.resolve('acme/tiny')).siblings;
  return { ...all, siblings: byPath(siblings), listed: async () => byPath(await listed()) };
}

const byPath = <T extends { readonly path: string }>(files: readonly T[]): readonly T[] =>
  [...files].sort((a, b) => (a.path < b.path ? -1 : 1));

const noTree = (hub: FakeHub, status = 404) =>
  hub.addFault({ on: 'tree', kind: 'status', status, times: Infinity });

/** The second question about the model is the one for its files. */
const ofDescription = { on: 'info', nth: 2 } as const;

describe('a mirror without a tree', () => {
  test.each([400, 404, 405, 410, 501])(
    'that says so with %i is asked for the model and its files',
    async (status) => {
      const { hub, siblings, listed } = await world();
      noTree(hub, status);
      expect(await listed()).toEqual(siblings);
      const asked = hub.requests({ origin: 'hub' }).map(({ routeClass, query }) => [routeClass, query]);
      expect(asked.slice(0, 3)).toEqual([
        ['info', ''],
        ['tree', 'recursive=true'],
        ['info', 'blobs=true'],
      ]);
      // The one question whether we may read it.
      expect(asked.length).toBe(4);
    },
  );

  test('that says so with a page for people and 200 is asked as well', async () => {
    const { hub, siblings, listed } = await world();
    noTree(hub, 200);
    expect(await listed()).toEqual(siblings);
  });

  test('that lists names alone is asked for each file', async () => {
    const { hub, siblings, listed } = await world();
    noTree(hub);
    hub.addFault({ ...ofDescription, kind: 'edit-json', edit: namesAlone });
    expect(await listed()).toEqual(siblings);
    expect(hub.requests({ origin: 'cdn' })).toEqual([]);
    const heads = hub.requests({ on: 'resolve', method: 'HEAD' });
    expect(new Set(heads.map(({ file }) => file)).size).toBe(4);
  });

  test('that lists names alone, and sends the files itself, is asked for each file', async () => {
    const { hub, siblings, listed } = await world();
    hub.knobs.direct = () => true;
    noTree(hub);
    hub.addFault({ ...ofDescription, kind: 'edit-json', edit: namesAlone });
    hub.addFault({
      on: 'resolve',
      kind: 'drop-headers',
      names: ['X-Linked-ETag', 'X-Linked-Size'],
      times: Infinity,
    });
    expect(await listed()).toEqual(siblings);
  });

  test('that lists another commit is not believed', async () => {
    const { hub, resolve } = await world();
    noTree(hub);
    const edit = (value: unknown) => ({ ...Object(value), sha: 'f'.repeat(40) });
    hub.addFault({ ...ofDescription, kind: 'edit-json', edit });
    expect(await failureOf(resolve('acme/tiny'))).toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringMatching(/another commit/),
    });
  });

  test('that knows nothing of the model either is an error of its last answer', async () => {
    const { hub, resolve } = await world();
    noTree(hub);
    hub.addFault({ ...ofDescription, kind: 'status', status: 400, body: '<html>Unsupported</html>' });
    expect(await failureOf(resolve('acme/tiny'))).toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringMatching(/^cannot list acme\/tiny at the Hub: 400/),
    });
  });
});

describe('a file that is listed', () => {
  const headers = (hub: FakeHub, ...names: readonly string[]) =>
    hub.addFault({ on: 'resolve', path: 'w.bin', kind: 'drop-headers', names, times: Infinity });

  test.each(['lfs.oid', 'lfs.size'])('without %s is asked for it', async (field) => {
    const { hub, siblings, listed } = await world();
    hub.addFault({ on: 'tree', kind: 'edit-json', edit: withoutFields([field, 'size'], 'w.bin') });
    expect(await listed()).toEqual(siblings);
  });

  test('without a hash, and has none itself, is refused: nobody could check it', async () => {
    const { hub, resolve } = await world();
    hub.addFault({ on: 'tree', kind: 'edit-json', edit: withoutFields(['lfs.oid'], 'w.bin') });
    headers(hub, 'X-Linked-ETag', 'ETag');
    const error = await failureOf(resolve('acme/tiny'));
    expect(error).toMatchObject({
      code: 'UNSUPPORTED',
      message: 'cannot push w.bin of acme/tiny: the Hub gives no hash for it',
    });
    expect(everythingIn(error)).not.toMatch(SECRETS);
  });

  test('in LFS without a hash is not given the one of its pointer', async () => {
    const { hub, resolve } = await world();
    hub.knobs.direct = () => true;
    hub.knobs.directEtag = 'blob';
    hub.addFault({ on: 'tree', kind: 'edit-json', edit: withoutFields(['lfs.oid'], 'w.bin') });
    headers(hub, 'X-Linked-ETag');
    expect(await failureOf(resolve('acme/tiny'))).toMatchObject({
      message: expect.stringMatching(/no hash/),
    });
  });

  test.each([
    [403, 'UNAUTHORIZED'],
    [404, 'NOT_FOUND'],
    [503, 'UNAVAILABLE'],
    [405, 'UNSUPPORTED'],
  ])('without a hash, and answers %i, is an error that names it: %s', async (status, code) => {
    const { hub, resolve } = await world();
    hub.addFault({ on: 'tree', kind: 'edit-json', edit: withoutFields(['lfs.oid'], 'w.bin') });
    hub.addFault({ on: 'resolve', path: 'w.bin', kind: 'status', status, times: Infinity });
    expect(await failureOf(resolve('acme/tiny'))).toMatchObject({
      code,
      message: expect.stringMatching(/w\.bin of acme\/tiny/),
    });
  });
});

describe('an error that comes as 200', () => {
  test.each(['info', 'tree'] as const)('in place of the %s is waited out', async (on) => {
    const { hub, siblings, listed, clock } = await world();
    hub.addFault({ on, kind: 'error-object' });
    expect(await listed()).toEqual(siblings);
    expect(clock.sleeps.length).toBe(1);
  });

  test.each([
    ['Internal Error - We are working hard to fix this', 'UNAVAILABLE'],
    ['We had to rate limit you, you hit the quota of 1000 api requests', 'RATE_LIMITED'],
  ])('and goes on is an error with its words: %s', async (message, code) => {
    const { hub, resolve } = await world();
    hub.addFault({ on: 'tree', kind: 'error-object', message, times: Infinity });
    expect(await failureOf(resolve('acme/tiny'))).toMatchObject({
      code,
      message: expect.stringContaining(message),
    });
  });
});

function namesAlone(value: unknown): unknown {
  const { siblings, ...info } = Object(value);
  return { ...info, siblings: siblings.map(({ rfilename }: { rfilename: string }) => ({ rfilename })) };
}
