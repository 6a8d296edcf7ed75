import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { sendBodyInPart, sendCutBody } from './raw-http.ts';
import { type Ask, sessionIn, type Told, type Witness } from './registry-witness.ts';

/** A piece of the script: what a client might do to a registry, in a repository of its own. */
export type Scene = (witness: Witness, repository: string) => Promise<void>;

const bytes = Buffer.from('0123456789');
const digest = digestOf(bytes);
const otherDigest = digestOf('other');

export function digestOf(content: Uint8Array | string, algorithm = 'sha256'): string {
  return `${algorithm}:${createHash(algorithm).update(content).digest('hex')}`;
}

/** Opens a session, and answers where it goes on. */
async function begin({ ask }: Witness, repository: string, query = ''): Promise<URL> {
  const at = `${repository}/blobs/uploads/${query}`;
  return (await ask(`a new upload ${query}`.trim(), { method: 'POST', at })).location;
}

/** The bytes from `start` on, in a streamed PATCH, or as a chunk where a Content-Range is given. */
async function patch(witness: Witness, at: URL, part: Uint8Array, contentRange?: string): Promise<Told> {
  const range = contentRange === undefined ? {} : { 'content-range': contentRange };
  const what =
    contentRange === undefined ? `${part.length} bytes` : `${part.length} bytes as ${contentRange}`;
  return witness.ask(what, { method: 'PATCH', at, headers: range, body: part });
}

function status({ ask }: Witness, at: URL): Promise<Told> {
  return ask('the session', { method: 'GET', at });
}

function withDigest(at: URL, wanted: string): URL {
  const url = new URL(at);
  url.searchParams.set('digest', wanted);
  return url;
}

function commit(witness: Witness, at: URL, wanted = digest, body?: Uint8Array): Promise<Told> {
  const what = wanted === digest ? 'the commit' : `the commit as ${wanted}`;
  return witness.ask(what, { method: 'PUT', at: withDigest(at, wanted), ...(body && { body }) });
}

function head({ ask }: Witness, repository: string, wanted = digest): Promise<Told> {
  return ask(`blob ${wanted}`, { method: 'HEAD', at: `${repository}/blobs/${wanted}` });
}

/** A blob that is there before the scene begins. */
export async function putBlob(
  { look }: Witness,
  repository: string,
  content: Uint8Array | string = bytes,
): Promise<string> {
  const { location } = await look({ method: 'POST', at: `${repository}/blobs/uploads/` });
  const wanted = digestOf(content);
  const put = await look({ method: 'PUT', at: withDigest(location, wanted), body: content });
  if (put.status !== 201) throw new Error(`PUT of a blob: ${put.status} ${put.body.toString('utf8')}`);
  return wanted;
}

/** The five verbs that a session knows, in the order in which they do not harm each other. */
async function everyVerb({ ask }: Witness, at: URL, what: string): Promise<void> {
  const asks: Ask[] = [
    { method: 'GET', at },
    { method: 'HEAD', at },
    { method: 'PATCH', at, body: 'more' },
    { method: 'PUT', at: withDigest(at, digest) },
    { method: 'DELETE', at },
  ];
  for (const each of asks) await ask(what, each);
}

const otherSession = '7f0e6f4c-1b7b-4e6e-9f0a-0f1e2d3c4b5a';

/**
 * A registry learns of a hang-up when it likes, and of the bytes before it; so the session is asked until it says
 * something else than it did before.
 */
async function changed(witness: Witness, at: URL, before: string): Promise<void> {
  for (const end = performance.now() + 10_000; performance.now() < end; await delay(10)) {
    if ((await wordOf(witness, at)) !== before) return;
  }
  throw new Error(`the session still says "${before}"`);
}

async function wordOf({ look }: Witness, at: URL): Promise<string> {
  const { status, headers } = await look({ method: 'GET', at });
  return `${status} ${headers.range}`;
}

const framings: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'with its length': { 'content-length': String(bytes.length) },
  'in chunks': { 'transfer-encoding': 'chunked' },
};

/** A client that hangs up behind six of ten bytes. */
async function cut(witness: Witness, at: URL, framing: string): Promise<void> {
  const before = await wordOf(witness, at);
  const headers = framings[framing] ?? {};
  await sendCutBody({ method: 'PATCH', url: at, headers }, bytes.subarray(0, 6));
  witness.note(`> PATCH ten bytes ${framing}, and a hang-up after six`);
  await changed(witness, at, before);
}

export const uploadScenes: Readonly<Record<string, Scene>> = {
  async 'a blob in one streamed PATCH'(witness, repository) {
    const { ask } = witness;
    const at = await begin(witness, repository);
    const patched = await ask('ten bytes in chunks', { method: 'PATCH', at, body: bytes, chunked: true });
    const now = await status(witness, patched.location);
    await commit(witness, now.location);
    await head(witness, repository);
  },

  async 'a blob in a PATCH of known length, and in the PUT alone'(witness, repository) {
    const patched = await patch(witness, await begin(witness, repository), bytes);
    await commit(witness, patched.location);
    await commit(witness, await begin(witness, repository), digest, bytes);
  },

  async 'the same blob once more'(witness, repository) {
    await putBlob(witness, repository);
    const patched = await patch(witness, await begin(witness, repository), bytes);
    await commit(witness, patched.location);
    await begin(witness, repository, `?mount=${digest}`);
  },

  async 'two streamed PATCHes, each ended properly'(witness, repository) {
    const { ask } = witness;
    const at = await begin(witness, repository);
    const body = bytes.subarray(0, 6);
    const first = await ask('six bytes in chunks', { method: 'PATCH', at, body, chunked: true });
    const now = await status(witness, first.location);
    const rest = { at: now.location, body: bytes.subarray(6) };
    const second = await ask('four bytes in chunks', { method: 'PATCH', ...rest, chunked: true });
    await commit(witness, second.location);
  },

  async 'chunks in order'(witness, repository) {
    let at = await begin(witness, repository);
    for (const [start, end] of [
      [0, 4],
      [4, 8],
      [8, 10],
    ] as const) {
      at = (await patch(witness, at, bytes.subarray(start, end), `${start}-${end - 1}`)).location;
      at = (await status(witness, at)).location;
    }
    await commit(witness, at);
  },

  async 'the last chunk in the PUT'(witness, repository) {
    const { ask } = witness;
    for (const range of [undefined, '4-9', '5-9', '0-5']) {
      const first = await patch(witness, await begin(witness, repository), bytes.subarray(0, 4), '0-3');
      await ask(`the commit with six bytes as ${range}`, {
        method: 'PUT',
        at: withDigest(first.location, digest),
        headers: range === undefined ? {} : { 'content-range': range },
        body: bytes.subarray(4),
      });
    }
  },

  async 'chunks at a wrong offset'(witness, repository) {
    for (const wrong of ['0-3', '4-7', '7-10']) {
      const first = await patch(witness, await begin(witness, repository), bytes.subarray(0, 6), '0-5');
      await patch(witness, first.location, bytes.subarray(6), wrong);
      const now = await status(witness, first.location);
      const rest = await patch(witness, now.location, bytes.subarray(6), '6-9');
      await commit(witness, rest.location);
    }
    await patch(witness, await begin(witness, repository), bytes, '5-14');
  },

  async 'a Content-Range that means nothing, or another length'(witness, repository) {
    const forms = [
      'bytes 0-9/10',
      'bytes=0-9',
      '0-9/10',
      '0-9/*',
      '0',
      'nothing',
      '9-0',
      '-9',
      '0-4',
      '0-12',
    ];
    for (const form of forms) await patch(witness, await begin(witness, repository), bytes, form);
    await witness.ask('ten bytes in chunks as 5-14', {
      method: 'PATCH',
      at: await begin(witness, repository),
      headers: { 'content-range': '5-14' },
      body: bytes,
      chunked: true,
    });
  },

  async 'an empty blob, and one of a single byte'(witness, repository) {
    const empty = digestOf('');
    const patched = await patch(witness, await begin(witness, repository), Buffer.alloc(0));
    await status(witness, patched.location);
    await commit(witness, patched.location, empty);
    await head(witness, repository, empty);
    await commit(witness, await begin(witness, repository), empty);
    const one = await patch(witness, await begin(witness, repository), Buffer.from('x'));
    await status(witness, one.location);
    await commit(witness, one.location, digestOf('x'));
    await head(witness, repository, digestOf('x'));
  },

  async 'a stale Location'(witness, repository) {
    const begun = await begin(witness, repository);
    const patched = await patch(witness, begun, bytes);
    await everyVerb(witness, begun, 'the Location from before the PATCH');
    await status(witness, patched.location);
  },

  async 'a Location without its state, and with one of our own making'(witness, repository) {
    const at = await begin(witness, repository);
    const bare = new URL(at.pathname, at);
    for (const method of ['GET', 'HEAD', 'PATCH', 'PUT'])
      await witness.ask('no state', { method, at: method === 'PUT' ? withDigest(bare, digest) : bare });
    const forged = new URL(at);
    for (const name of [...forged.searchParams.keys()]) forged.searchParams.set(name, 'bm90aGluZw');
    await everyVerb(witness, forged, 'a forged state');
  },

  async 'a session that nobody opened'(witness, repository) {
    await putBlob(witness, repository);
    const at = new URL(`/v2/${repository}/blobs/uploads/${otherSession}`, witness.origin);
    await everyVerb(witness, at, 'no such session');
    await everyVerb(witness, new URL('not-a-uuid', at), 'a session of another form');
  },

  async 'a session of another repository'(witness, repository) {
    const at = await begin(witness, repository);
    const elsewhere = new URL(at.href.replace(`/${repository}/`, `/${repository}-other/`));
    await everyVerb(witness, elsewhere, 'the session, under another name');
  },

  async 'a session that was cancelled'(witness, repository) {
    const patched = await patch(witness, await begin(witness, repository), bytes);
    await witness.ask('the session', { method: 'DELETE', at: patched.location });
    await everyVerb(witness, patched.location, 'the cancelled session');
  },

  async 'a commit, and all verbs once more'(witness, repository) {
    const patched = await patch(witness, await begin(witness, repository), bytes);
    await commit(witness, patched.location);
    await commit(witness, patched.location);
    await everyVerb(witness, patched.location, 'the session of a blob that is there');
  },

  async 'a commit with a wrong digest'(witness, repository) {
    const patched = await patch(witness, await begin(witness, repository), bytes);
    await commit(witness, patched.location, otherDigest);
    await status(witness, patched.location);
    await commit(witness, patched.location);
    await head(witness, repository);
  },

  async 'a commit of a body with a wrong digest'(witness, repository) {
    const at = await begin(witness, repository);
    await commit(witness, at, otherDigest, bytes);
    await status(witness, at);
  },

  async 'a commit with a digest that is none, or of another kind'(witness, repository) {
    const sha512 = digestOf(bytes, 'sha512');
    const wanted = ['', 'sha256:abc', `md5:${'0'.repeat(32)}`, 'sha256', sha512];
    for (const each of wanted) {
      const patched = await patch(witness, await begin(witness, repository), bytes);
      await commit(witness, patched.location, each);
    }
    const patched = await patch(witness, await begin(witness, repository), bytes);
    await witness.ask('the commit without a digest', { method: 'PUT', at: patched.location });
    await commit(witness, patched.location);
    await commit(witness, await begin(witness, repository), sha512, bytes);
    await head(witness, repository, sha512);
    await head(witness, repository);
  },

  async 'a blob in the POST'(witness, repository) {
    for (const [wanted, body] of [
      [digest, bytes],
      [otherDigest, bytes],
      ['sha256:abc', bytes],
      [digestOf('small'), ''],
    ] as const) {
      const at = `${repository}/blobs/uploads/?digest=${wanted}`;
      await witness.ask(`an upload of ${body.length} bytes in one as ${wanted}`, {
        method: 'POST',
        at,
        body,
      });
      await head(witness, repository, wanted);
    }
  },

  async 'a POST without its last slash'({ ask }, repository) {
    await ask('an upload', { method: 'POST', at: `${repository}/blobs/uploads` });
  },

  async 'a mount'(witness, repository) {
    const source = `${repository}-source`;
    await putBlob(witness, source);
    const queries = [
      `?mount=${digest}`,
      `?mount=${digest}&from=no/such`,
      `?mount=${digest}&from=No%20Such`,
      `?mount=${otherDigest}&from=${source}`,
      `?mount=sha256:abc&from=${source}`,
      `?from=${source}`,
      `?mount=${digest}&from=${source}`,
      `?mount=${digest}&from=${repository}`,
    ];
    for (const query of queries) await begin(witness, repository, query);
    await head(witness, repository);
  },

  async 'a PATCH of another media type'(witness, repository) {
    for (const type of ['text/plain', 'application/octet-stream']) {
      const at = await begin(witness, repository);
      const headers = { 'content-type': type };
      await witness.ask(`ten bytes as ${type}`, { method: 'PATCH', at, headers, body: bytes });
    }
  },

  async 'a client that asks before it sends'(witness, repository) {
    const { ask } = witness;
    const asking = { headers: { expect: '100-continue' }, body: bytes } as const;
    const begun = await begin(witness, repository);
    const first = await ask('ten bytes', { method: 'PATCH', at: begun, ...asking });
    await ask('ten bytes at a stale Location', { method: 'PATCH', at: begun, ...asking });
    const headers = { ...asking.headers, 'content-range': '3-12' };
    await ask('ten bytes at a wrong offset', { method: 'PATCH', at: first.location, headers, body: bytes });
    const lost = new URL(first.location.href.replace(sessionIn(first.location.pathname) ?? '', otherSession));
    await ask('ten bytes for no such session', { method: 'PATCH', at: lost, ...asking });
  },

  async 'a body of which more comes than it wants'(witness, repository) {
    const begun = await begin(witness, repository);
    const { location } = await patch(witness, begun, bytes);
    const lost = new URL(location.href.replace(sessionIn(location.pathname) ?? '', otherSession));
    // More than the 256 KiB that Go reads of a body for courtesy, which distribution 3 does before it answers.
    const body = Buffer.alloc(300_000);
    for (const [what, url] of [
      ['a stale Location', begun],
      ['no such session', lost],
    ] as const) {
      const headers = { 'content-length': '10000000' };
      const said = await sendBodyInPart({ method: 'PATCH', url, headers, body });
      const closes = /^connection: close\r$/im.test(said) ? 'and closes the connection' : 'and keeps it';
      witness.note(`> PATCH ${what}, and a part of the body`);
      witness.note(`< ${/^HTTP\/1\.1 (\d+)/.exec(said)?.[1]} ${closes}`);
    }
  },

  async 'a body that is cut by a hang-up'(witness, repository) {
    for (const framing of Object.keys(framings)) {
      const at = await begin(witness, repository);
      await cut(witness, at, framing);
      const now = await status(witness, at);
      await patch(witness, at, bytes.subarray(6), '6-9');
      const rest = await patch(witness, now.location, bytes.subarray(6), '6-9');
      await commit(witness, rest.location);
    }
  },

  async 'a body that is cut by a reset'(witness, repository) {
    const at = await begin(witness, repository);
    const before = await wordOf(witness, at);
    const headers = { 'content-length': String(2 ** 20) };
    const after = () => changed(witness, at, before);
    await sendCutBody({ method: 'PATCH', url: at, headers }, Buffer.alloc(2 ** 16), { by: 'rst', after });
    witness.note('> PATCH a mebibyte, and a reset while some of it is there');
    const { status, headers: told } = await witness.look({ method: 'GET', at });
    // How much of it is there is for the kernels to say.
    witness.note(`< ${status} ${/^0-[1-9]/.test(told.range ?? '') ? 'with bytes' : 'without'}`);
  },

  async 'a second chunk that is cut'(witness, repository) {
    const first = await patch(witness, await begin(witness, repository), bytes.subarray(0, 2), '0-1');
    await cut(witness, first.location, 'with its length');
    const now = await status(witness, first.location);
    await witness.ask('the session', { method: 'DELETE', at: now.location });
  },

  async 'a PATCH whose answer is lost'(witness, repository) {
    const at = await begin(witness, repository);
    const before = await wordOf(witness, at);
    await sendCutBody({ method: 'PATCH', url: at, headers: framings['with its length'] ?? {} }, bytes);
    witness.note('> PATCH ten bytes, and a hang-up before the answer');
    await changed(witness, at, before);
    const now = await status(witness, at);
    await patch(witness, at, bytes, '0-9');
    await commit(witness, at);
    await commit(witness, now.location);
  },

  async 'a commit whose answer is lost'(witness, repository) {
    const patched = await patch(witness, await begin(witness, repository), bytes);
    const url = withDigest(patched.location, digest);
    const before = await wordOf(witness, patched.location);
    await sendCutBody({ method: 'PUT', url, headers: { 'content-length': '0' } }, Buffer.alloc(0));
    witness.note('> PUT the commit, and a hang-up before the answer');
    await changed(witness, patched.location, before);
    await commit(witness, patched.location);
    await head(witness, repository);
  },
};
