import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { type Mishap, type RelayOptions, startCountingRelay } from './counting-relay.ts';

const SENT = Buffer.alloc(300_000, 'a wire carries what it is given, ');

/** One client and the server's end of its connection, with a relay between them. */
async function behindRelay(options: RelayOptions = {}) {
  const server = net.createServer();
  const connected: Promise<readonly Socket[]> = once(server, 'connection') as Promise<Socket[]>;
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const relay = await startCountingRelay(`127.0.0.1:${(server.address() as AddressInfo).port}`, options);
  const client = net.connect(Number(relay.host.split(':')[1]), '127.0.0.1');
  const [peer = client] = await connected;
  for (const socket of [client, peer]) socket.on('error', () => undefined);
  onTestFinished(async () => {
    for (const socket of [client, peer]) socket.destroy();
    await relay.close();
    await new Promise((resolve) => server.close(resolve));
  });
  return { relay, client, peer };
}

const weather = (...mishaps: Mishap[]): RelayOptions => ({ weather: () => ({ mishaps }) });

test('what is sent arrives, both ways, and is counted', async () => {
  const { relay, client, peer } = await behindRelay();
  client.end(SENT);
  expect(SENT.equals(await buffer(peer))).toBe(true);
  expect([relay.bytesUp, relay.bytesDown, relay.mishaps]).toEqual([SENT.length, 0, 0]);
});

test('what a server says before it ends the connection arrives in whole', async () => {
  const { relay, client, peer } = await behindRelay();
  peer.end(SENT);
  expect(SENT.equals(await buffer(client))).toBe(true);
  expect([relay.bytesUp, relay.bytesDown]).toEqual([0, SENT.length]);
});

test('a connection that closes at a byte lets what went before arrive, to the byte', async () => {
  const { relay, client, peer } = await behindRelay(
    weather({ direction: 'up', kind: 'close', afterBytes: 123_456 }),
  );
  client.write(SENT);
  expect(SENT.subarray(0, 123_456).equals(await buffer(peer))).toBe(true);
  expect(relay.mishaps).toBe(1);
});

test('a reset ends the connection on both sides, and the server sees that it was no end in good order', async () => {
  const { client, peer } = await behindRelay(weather({ direction: 'up', kind: 'reset', afterBytes: 0 }));
  peer.once('end', () => peer.destroy(new Error('ended in good order')));
  const broken = [peer, client].map((socket) => once(socket.resume(), 'error'));
  client.write('x');
  expect((await Promise.all(broken)).join()).toBe('Error: read ECONNRESET,Error: read ECONNRESET');
});

test('a stalled connection goes on after its time, and has lost nothing', async () => {
  const { relay, client, peer } = await behindRelay(
    weather({ direction: 'up', kind: 'stall', afterBytes: 1000, seconds: 0.2 }),
  );
  const start = performance.now();
  client.end(SENT);
  expect(SENT.equals(await buffer(peer))).toBe(true);
  expect(performance.now() - start).toBeGreaterThan(190);
  expect(relay.mishaps).toBe(1);
});

test('a slow link is as slow as it says, and latency is felt once by what follows on', async () => {
  const options = { weather: () => ({ bytesPerSecond: 1_500_000, latencyMs: 50 }) };
  const { client, peer } = await behindRelay(options);
  const start = performance.now();
  client.end(SENT);
  expect(SENT.equals(await buffer(peer))).toBe(true);
  const took = performance.now() - start;
  expect(took).toBeGreaterThan(230);
  expect(took).toBeLessThan(2000);
});
