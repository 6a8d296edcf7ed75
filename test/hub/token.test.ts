import { expect, test } from 'vitest';
import { type FakeHub, type FakeHubOptions, synthetic, text } from '../fakes/hub/fake-hub.ts';
import { type HubWorld, hubWorld, TOKEN } from './hub-world.ts';

const repo = {
  id: 'acme/tiny',
  aliases: ['acme/old-name'],
  files: {
    'config.json': text('{}'),
    'direct.bin': synthetic({ size: 4_000, seed: 3, direct: true }),
    'w.bin': synthetic({ size: 5_000 }),
  },
};
const options: FakeHubOptions = {
  repos: [repo],
  tokens: { [TOKEN]: { user: 'jane', reads: ['acme/tiny'] } },
  strictLeaks: false,
  pageSize: 2,
};

async function readAll({ read }: HubWorld, name = 'acme/tiny'): Promise<void> {
  for (const path of Object.keys(repo.files)) await read(name, path);
}

const withToken = (hub: FakeHub) =>
  hub.requests({ origin: 'hub' }).map(({ hadAuthorization }) => hadAuthorization);

test('the token goes with every request to the Hub and with none to its storage', async () => {
  const world = await hubWorld({ ...options, repos: [{ ...repo, private: true }] }, { token: TOKEN });
  await readAll(world);
  await readAll(world, 'acme/old-name');
  expect(withToken(world.hub)).not.toContain(false);
  expect(world.hub.requests({ origin: 'cdn' }).length).toBeGreaterThan(0);
  expect(world.hub.leaks()).toEqual([]);
});

test('the storage does not get it either when a URL is refused, a connection breaks or a file is resumed', async () => {
  const world = await hubWorld(options, { token: TOKEN });
  world.hub.addFault({ on: 'cdn', kind: 'status', status: 403 });
  world.hub.addFault({ on: 'cdn', kind: 'cut', afterBytes: 1_000 });
  await readAll(world);
  expect(world.hub.requests({ origin: 'cdn' }).length).toBe(3);
  expect(world.hub.leaks()).toEqual([]);
});

test.each(['', '/hf'])(
  'a mirror that sends us to another Hub keeps the token (path "%s")',
  async (pathPrefix) => {
    const { hub: other } = await hubWorld(options);
    const mirror = await hubWorld({ ...options, pathPrefix, movedTo: other.endpoint }, { token: TOKEN });
    await readAll(mirror);
    expect(withToken(mirror.hub)).not.toContain(false);
    expect(withToken(other)).not.toContain(true);
    expect(other.leaks()).toEqual([]);
  },
);

test('a redirect inside the Hub that names it in full keeps the token', async () => {
  const world = await hubWorld({ ...options, repos: [{ ...repo, private: true }] }, { token: TOKEN });
  const edit = (location: string) => (location.startsWith('/') ? world.hub.endpoint + location : location);
  world.hub.addFault({ on: ['resolve', 'info', 'tree'], kind: 'edit-location', edit, times: Infinity });
  await readAll(world, 'acme/old-name');
  expect(withToken(world.hub)).not.toContain(false);
});

test('a redirect without a scheme keeps the scheme and loses the token', async () => {
  const world = await hubWorld(options, { token: TOKEN });
  const edit = (location: string) => location.replace(/^http:/, '');
  world.hub.addFault({ on: 'resolve', kind: 'edit-location', edit, times: Infinity });
  await readAll(world);
  expect(world.hub.requests({ origin: 'cdn' }).length).toBeGreaterThan(0);
  expect(world.hub.leaks()).toEqual([]);
});

test('whoever asks without a token sends none', async () => {
  const world = await hubWorld(options);
  await readAll(world);
  expect(withToken(world.hub)).not.toContain(true);
});
