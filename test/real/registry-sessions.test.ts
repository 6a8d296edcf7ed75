import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describePeers } from './peers.ts';
import { exchange, type RawAnswer, sendCutBody } from './raw-http.ts';
import { startDistribution3 } from './start-distribution-3.ts';
import { startDockerRegistry } from './start-docker-registry.ts';
import { startOlareg } from './start-olareg.ts';
import type { RunningRegistry } from './start-registry.ts';

/*
 * What real registries keep of an upload, in the sizes that matter: of a body that is cut after megabytes, and over
 * a restart. What else they say is compared with the fakes of them, request by request, in side-by-side.test.ts.
 */
const blob = randomBytes(8 * 2 ** 20);
const digest = `sha256:${createHash('sha256').update(blob).digest('hex')}`;
const cutAt = 5 * 2 ** 20;
const framings = {
  'sent in chunks': { 'transfer-encoding': 'chunked' },
  'sent with its length': { 'content-length': String(blob.length) },
};
const stream = { 'content-type': 'application/octet-stream' };

type SessionState = {
  readonly status: number;
  readonly range: string | undefined;
  readonly code: string | undefined;
  readonly location: URL;
};

async function openSession(registry: RunningRegistry): Promise<URL> {
  const url = new URL(`http://${registry.host}/v2/some/model/blobs/uploads/`);
  const opened = await exchange({ method: 'POST', url, body: Buffer.alloc(0) });
  expect(opened.status).toBe(202);
  return locationOf(opened, url);
}

function locationOf(answer: RawAnswer, base: URL): URL {
  return new URL(answer.headers.location ?? base, base);
}

async function stateOf(session: URL): Promise<SessionState> {
  const answer = await exchange({ method: 'GET', url: session });
  const { status, headers, body } = answer;
  const code = /"code":"([A-Z_]+)"/.exec(body.toString('utf8'))?.[1];
  return { status, range: headers.range, code, location: locationOf(answer, session) };
}

/** The registry learns of a hang-up when it likes; until then the session says something else. */
async function expectState(session: URL, state: Partial<SessionState>): Promise<void> {
  await expect.poll(() => stateOf(session), { interval: 50 }).toMatchObject(state);
}

async function cutPatch(session: URL, framing: Record<string, string>): Promise<void> {
  await sendCutBody(
    { method: 'PATCH', url: session, headers: { ...stream, ...framing } },
    blob.subarray(0, cutAt),
  );
}

function patch(session: URL, from: number, to: number): Promise<RawAnswer> {
  const headers = { ...stream, 'content-range': `${from}-${to - 1}` };
  return exchange({ method: 'PATCH', url: session, headers, body: blob.subarray(from, to) });
}

function commit(session: URL): Promise<RawAnswer> {
  const url = new URL(session);
  url.searchParams.set('digest', digest);
  return exchange({ method: 'PUT', url, body: Buffer.alloc(0) });
}

/**
 * Sends what is missing behind the cut, commits, and looks the blob up. Only the newest Location will do:
 * distribution keeps the offset in it.
 */
async function finish(registry: RunningRegistry, session: URL): Promise<number[]> {
  const patched = await patch(session, cutAt, blob.length);
  const committed = await commit(locationOf(patched, session));
  const url = new URL(`http://${registry.host}/v2/some/model/blobs/${digest}`);
  const head = await exchange({ method: 'HEAD', url });
  return [patched.status, committed.status, head.status];
}

describePeers(['docker-registry'], 'docker-registry 2.8.2', () => {
  let registry: RunningRegistry;
  beforeAll(async () => {
    registry = await startDockerRegistry();
  });
  afterAll(() => registry.stop());

  test.each(Object.entries(framings))(
    'forgets the session when a PATCH body %s is cut',
    async (_, framing) => {
      const session = await openSession(registry);
      await cutPatch(session, framing);
      await expectState(session, { status: 404, code: 'BLOB_UPLOAD_INVALID' });
    },
  );

  test('keeps a session over a restart when its secret is fixed', async () => {
    const session = await openSession(registry);
    const patched = await patch(session, 0, cutAt);
    await registry.restart();
    expect(await stateOf(locationOf(patched, session))).toMatchObject({
      status: 204,
      range: `0-${cutAt - 1}`,
    });
  });

  test('loses every session at a restart when its secret is made up at each start', async () => {
    const forgetful = await startDockerRegistry({ httpSecret: 'made up at each start' });
    try {
      const session = await openSession(forgetful);
      const patched = await patch(session, 0, cutAt);
      await forgetful.restart();
      expect(await stateOf(locationOf(patched, session))).toMatchObject({ status: 404 });
    } finally {
      await forgetful.stop();
    }
  });
});

describePeers(['distribution-3'], 'distribution 3.1.1', () => {
  let registry: RunningRegistry;
  beforeAll(async () => {
    registry = await startDistribution3();
  });
  afterAll(() => registry.stop());

  test.each(Object.entries(framings))(
    'keeps every byte of a PATCH body %s that is cut',
    async (_, framing) => {
      const session = await openSession(registry);
      await cutPatch(session, framing);
      await expectState(session, { status: 204, range: `0-${cutAt - 1}` });
      const { location } = await stateOf(session);
      expect(await finish(registry, location)).toEqual([202, 201, 200]);
    },
  );
});

describePeers(['olareg'], 'olareg 0.2.1', () => {
  let registry: RunningRegistry;
  beforeAll(async () => {
    registry = await startOlareg();
  });
  afterAll(() => registry.stop());

  test.each(Object.entries(framings))(
    'keeps every byte of a PATCH body %s that is cut',
    async (_, framing) => {
      const session = await openSession(registry);
      await cutPatch(session, framing);
      await expectState(session, { status: 204, range: `0-${cutAt - 1}` });
      const { location } = await stateOf(session);
      expect(await finish(registry, location)).toEqual([202, 201, 200]);
    },
  );
});
