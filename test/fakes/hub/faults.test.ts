import { Agent } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readAll } from './byte-source.ts';
import { type FakeHub, startFakeHub, synthetic, text } from './fake-hub.ts';
import { type RawAnswer, type RawOptions, rawRequest } from './raw-request.ts';

const WEIGHTS = synthetic({ size: 300_000, seed: 9 });
const CONTENT = Buffer.from(readAll(WEIGHTS.source));

let hub: FakeHub;

beforeEach(async () => {
  hub = await startFakeHub({
    repos: [{ id: 'acme/demo', files: { 'config.json': text('{}'), 'model.safetensors': WEIGHTS } }],
  });
});

afterEach(() => hub.close());

const info = (options: RawOptions = {}): Promise<RawAnswer> =>
  rawRequest(`${hub.endpoint}/api/models/acme/demo`, options);

async function mint(): Promise<string> {
  const url = `${hub.endpoint}/acme/demo/resolve/main/model.safetensors`;
  return String((await rawRequest(url, { method: 'HEAD' })).headers.location);
}

const range = (value: string): RawOptions => ({ headers: { range: value } });

test('a status fault strikes once by default, and the Hub headers stay on it', async () => {
  const fault = hub.addFault({ on: 'info', kind: 'status', status: 503 });
  const struck = await info();
  expect([struck.status, struck.headers['x-powered-by']]).toEqual([503, 'huggingface-moon']);
  expect((await info()).status).toBe(200);
  expect(fault.strikes).toBe(1);
});

test('a fault is scoped by route, method, path, turn and number', async () => {
  const broken = { kind: 'status', status: 500 } as const;
  hub.addFault({ ...broken, on: 'resolve', path: 'config.json', method: 'HEAD', nth: 2, times: 2 });
  const ask = async (path: string, method: string): Promise<number> =>
    (await rawRequest(`${hub.endpoint}/acme/demo/resolve/main/${path}`, { method })).status;
  expect(await ask('model.safetensors', 'HEAD')).toBe(302);
  expect(await ask('config.json', 'GET')).toBe(307);
  const turns = [];
  for (let turn = 1; turn <= 4; turn++) turns.push(await ask('config.json', 'HEAD'));
  expect(turns).toEqual([307, 500, 500, 307]);
});

test('a fault on the CDN is scoped by the file the URL was minted for', async () => {
  hub.addFault({ on: 'cdn', repo: 'acme/demo', path: /\.safetensors$/, kind: 'status', status: 502 });
  const url = await mint();
  expect((await rawRequest(url)).status).toBe(502);
  expect((await rawRequest(url)).status).toBe(200);
  expect(hub.requests({ origin: 'cdn', file: 'model.safetensors' })).toMatchObject([
    { status: 502, faults: ['status'] },
    { status: 200, faults: [] },
  ]);
});

test('a fault with a probability strikes the same requests for the same seed', async () => {
  const run = async (): Promise<number[]> => {
    const fault = hub.addFault({ kind: 'status', status: 500, probability: 0.5, seed: 4, times: Infinity });
    const statuses = [];
    for (let turn = 0; turn < 20; turn++) statuses.push((await info()).status);
    fault.remove();
    return statuses;
  };
  const first = await run();
  expect(new Set(first)).toEqual(new Set([200, 500]));
  expect(await run()).toEqual(first);
});

test('a rate limit comes as a page of 52 KB with r=0 and the wait, with or without Retry-After', async () => {
  hub.addFault({ on: 'info', kind: 'rate-limited', waitSeconds: 7 });
  hub.addFault({
    on: 'tree',
    kind: 'rate-limited',
    waitSeconds: 7,
    retryAfter: 'seconds',
    rateLimit: 'missing',
  });
  hub.addFault({ on: 'refs', kind: 'rate-limited', waitSeconds: 7, retryAfter: 'date' });
  const plain = await info();
  expect([plain.status, plain.headers.ratelimit]).toEqual([429, '"api";r=0;t=7']);
  expect(plain.headers).not.toHaveProperty('retry-after');
  expect(plain.body.length).toBeGreaterThanOrEqual(52 * 1024);
  const seconds = await rawRequest(`${hub.endpoint}/api/models/acme/demo/tree/main`);
  expect(seconds.headers['retry-after']).toBe('7');
  expect(seconds.headers).not.toHaveProperty('ratelimit');
  const { headers } = await rawRequest(`${hub.endpoint}/api/models/acme/demo/refs`);
  const wait = Date.parse(String(headers['retry-after'])) - Date.parse(String(headers.date));
  expect(Math.abs(wait - 7000)).toBeLessThanOrEqual(1000);
});

test('a rate limit of the CDN says nothing of buckets', async () => {
  hub.addFault({ on: 'cdn', kind: 'rate-limited', waitSeconds: 7 });
  const answer = await rawRequest(await mint());
  expect(answer.status).toBe(429);
  expect(answer.headers).not.toHaveProperty('ratelimit');
});

test('an error object may come with status 200', async () => {
  hub.addFault({ on: 'info', kind: 'error-object' });
  const answer = await info();
  expect([answer.status, answer.json]).toEqual([200, { error: expect.any(String) }]);
});

test('a connection is closed or reset without an answer', async () => {
  hub.addFault({ on: 'info', kind: 'close' });
  hub.addFault({ on: 'info', kind: 'close', how: 'reset' });
  await expect(info()).rejects.toThrow('socket hang up');
  await expect(info()).rejects.toThrow(/ECONNRESET|socket hang up/);
  expect((await info()).status).toBe(200);
});

test('an idle connection can be closed just as it is used again', async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  hub.addFault({ on: 'info', kind: 'close', reusedOnly: true });
  expect((await info({ agent })).status).toBe(200);
  await expect(info({ agent })).rejects.toThrow(/socket hang up|ECONNRESET/);
  expect((await info({ agent })).status).toBe(200);
  expect(hub.requests({ on: 'info' }).map((entry) => entry.connection)).toEqual([1, 1, 2]);
  agent.destroy();
});

test('an origin that is down refuses, and comes back on the same port', async () => {
  const url = await mint();
  await hub.goDown('cdn');
  await expect(rawRequest(url)).rejects.toThrow('ECONNREFUSED');
  expect((await info()).status).toBe(200);
  await hub.comeBack('cdn');
  expect((await rawRequest(url)).status).toBe(200);
});

test('a body is reset, or cut short of its length, after so many bytes', async () => {
  const url = await mint();
  hub.addFault({ on: 'cdn', kind: 'cut', afterBytes: 1234 });
  const agent = new Agent({ keepAlive: true });
  const cut = await rawRequest(url, { agent });
  expect([cut.status, cut.headers['content-length'], cut.broken]).toEqual([200, '300000', 'ECONNRESET']);
  expect(cut.body.equals(CONTENT.subarray(0, 1234))).toBe(true);
  hub.addFault({ on: 'cdn', kind: 'reset', afterBytes: 0 });
  const reset = await rawRequest(url).catch((error: NodeJS.ErrnoException) => ({ broken: error.code }));
  expect(reset.broken).toBe('ECONNRESET');
  expect(hub.requests({ origin: 'cdn' })).toMatchObject([
    { bytesSent: 1234, outcome: 'broken by us' },
    { bytesSent: 0, outcome: 'broken by us' },
  ]);
});

test('a fault after more bytes than an answer has waits for a longer answer', async () => {
  const fault = hub.addFault({ on: 'cdn', kind: 'cut', afterBytes: 5000 });
  const url = await mint();
  expect((await rawRequest(url, range('bytes=0-999'))).broken).toBeUndefined();
  expect(fault.strikes).toBe(0);
  expect((await rawRequest(url, range('bytes=0-9999'))).body.length).toBe(5000);
});

test('a chunked body that ends early looks whole', async () => {
  hub.addFault({ on: 'cdn', kind: 'chunked-short', afterBytes: 777 });
  const answer = await rawRequest(await mint());
  expect(answer.headers).not.toHaveProperty('content-length');
  expect([answer.body.length, answer.broken]).toEqual([777, undefined]);
});

test('a stalled body goes on when its time is over', async () => {
  hub.addFault({ on: 'cdn', kind: 'stall', afterBytes: 1000, seconds: 0.05 });
  const started = performance.now();
  const answer = await rawRequest(await mint());
  expect(performance.now() - started).toBeGreaterThanOrEqual(49);
  expect(answer.body.equals(CONTENT)).toBe(true);
});

test('a stall without an end lasts until the client goes away', async () => {
  hub.addFault({ on: 'cdn', kind: 'stall', afterBytes: 1000 });
  hub.addFault({ on: 'info', kind: 'silence' });
  const url = await mint();
  for (const stalled of [url, `${hub.endpoint}/api/models/acme/demo`]) {
    const patience = AbortSignal.timeout(100);
    const ended = rawRequest(stalled, { signal: patience }).then(
      (answer) => answer.broken ?? 'complete',
      () => 'gave up',
    );
    expect(await ended).not.toBe('complete');
  }
});

test('closing the hub ends a stall', async () => {
  hub.addFault({ on: 'info', kind: 'silence' });
  const waiting = info();
  const outcome = expect(waiting).rejects.toThrow(/socket hang up|ECONNRESET/);
  while (hub.requests({ on: 'info' }).length === 0) await new Promise(setImmediate);
  await hub.close();
  await outcome;
});

test('a slow drip takes as long as its speed says', async () => {
  hub.addFault({ on: 'cdn', kind: 'drip', bytesPerSecond: 100_000 });
  const started = performance.now();
  const answer = await rawRequest(await mint(), range('bytes=0-19999'));
  const seconds = (performance.now() - started) / 1000;
  expect(answer.body.equals(CONTENT.subarray(0, 20_000))).toBe(true);
  expect(seconds).toBeGreaterThan(0.15);
});

test('a speed per connection makes parallel downloads faster, a total one does not', async () => {
  const url = await mint();
  const halves = async (): Promise<number> => {
    const started = performance.now();
    await Promise.all([rawRequest(url, range('bytes=0-149999')), rawRequest(url, range('bytes=150000-'))]);
    return (performance.now() - started) / 1000;
  };
  hub.knobs.speed = { bytesPerSecondPerConnection: 1_000_000 };
  const each = await halves();
  hub.knobs.speed = { bytesPerSecondTotal: 1_000_000 };
  const together = await halves();
  expect(each).toBeGreaterThan(0.12);
  expect(together).toBeGreaterThan(0.27);
});

test('the pipe collapses for who opens too many connections, or has taken too much', async () => {
  const url = await mint();
  const agent = new Agent({ keepAlive: true });
  const seconds = async (): Promise<number> => {
    const started = performance.now();
    expect((await rawRequest(url, { ...range('bytes=0-149999'), agent })).status).toBe(206);
    return (performance.now() - started) / 1000;
  };
  hub.addFault({ on: 'cdn', kind: 'silence', seconds: 0.05, times: 2 });
  await Promise.all([seconds(), seconds()]);
  expect(hub.peakConnections('cdn')).toBe(2);
  hub.knobs.speed = { collapse: { aboveConnections: 1, bytesPerSecond: 1_000_000 } };
  expect(await seconds()).toBeGreaterThan(0.12);
  hub.knobs.speed = { collapse: { afterBytes: hub.bytesSent() - 1, bytesPerSecond: 1_000_000 } };
  expect(await seconds()).toBeGreaterThan(0.12);
  agent.destroy();
});

test('a client that goes away stops the stream', async () => {
  hub.putFile('acme/demo', 'main', 'model.safetensors', synthetic({ size: 50e9, sha256: 'claimed' }));
  const url = await mint();
  const leaving = new AbortController();
  const download = rawRequest(url, { signal: leaving.signal }).catch(() => undefined);
  const entry = () => hub.requests({ origin: 'cdn' })[0];
  while ((entry()?.bytesSent ?? 0) < 1e6) await new Promise(setImmediate);
  leaving.abort();
  await download;
  while (entry()?.outcome === 'open') await new Promise(setImmediate);
  expect(entry()?.outcome).toBe('client went away');
  expect(entry()?.bytesSent).toBeLessThan(1e9);
});

test('gzip comes although identity was asked for', async () => {
  hub.addFault({ on: 'cdn', kind: 'gzip' });
  const answer = await rawRequest(await mint(), { headers: { 'accept-encoding': 'identity' } });
  expect(answer.headers['content-encoding']).toBe('gzip');
  expect(gunzipSync(answer.body).equals(CONTENT)).toBe(true);
});

test('faults can be cleared, and requests at once are counted', async () => {
  hub.addFault({ kind: 'status', status: 500, times: Infinity });
  expect((await info()).status).toBe(500);
  hub.clearFaults();
  hub.addFault({ on: 'info', kind: 'silence', seconds: 0.1, times: 3 });
  const answers = await Promise.all([info(), info(), info()]);
  expect(answers.map((answer) => answer.status)).toEqual([200, 200, 200]);
  expect(hub.peakRequests('hub')).toBe(3);
  expect(hub.peakConnections('hub')).toBeGreaterThanOrEqual(3);
});
