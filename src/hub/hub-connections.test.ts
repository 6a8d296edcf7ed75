import { describe, expect, test } from 'vitest';
import { testClock } from '../../test/support/test-clock.ts';
import { createHubConnections } from './hub-connections.ts';

const hungry = { bytes: 50_000_000, hungry: true };

/** Connections that have grown to their most. */
function grown(most: number) {
  const clock = testClock();
  const connections = createHubConnections({ most, clock });
  let bytes = 1_000_000;
  for (let turn = 0; turn < 20; turn += 1) {
    clock.pass(500);
    // Each raise is followed by more bytes.
    bytes *= 1.2;
    connections.report({ ...hungry, bytes });
  }
  return connections;
}

describe('connections for files', () => {
  test('are given to who has none, up to the most there may be; then in turn', async () => {
    const connections = createHubConnections({ most: 2, clock: testClock() });
    await connections.acquire(undefined);
    await connections.acquire(undefined);
    const order: string[] = [];
    const third = connections.acquire(undefined).then(() => order.push('third'));
    const fourth = connections.acquire(undefined).then(() => order.push('fourth'));
    connections.release();
    await third;
    expect(order).toEqual(['third']);
    connections.release();
    await fourth;
    expect(order).toEqual(['third', 'fourth']);
  });

  test('are given for reading ahead while there are fewer than allowed, and nobody waits', async () => {
    const connections = grown(3);
    await connections.acquire(undefined);
    expect(await connections.tryAcquire()).toBeGreaterThan(1_000_000);
    expect(await connections.tryAcquire()).toBeGreaterThan(1_000_000);
    expect(await connections.tryAcquire()).toBeUndefined();
    const waiting = connections.acquire(undefined);
    connections.release();
    await waiting;
    connections.release();
    const next = connections.acquire(undefined);
    expect(await next).toBeUndefined();
    expect(await connections.tryAcquire()).toBeUndefined();
  });

  test('are not given for reading ahead at first', async () => {
    const connections = createHubConnections({ most: 8, clock: testClock() });
    await connections.acquire(undefined);
    expect(await connections.tryAcquire()).toBeUndefined();
  });

  test('who is stopped while he waits gets none, and the next one does', async () => {
    const connections = createHubConnections({ most: 1, clock: testClock() });
    await connections.acquire(undefined);
    const stop = new AbortController();
    const stopped = connections.acquire(stop.signal);
    const next = connections.acquire(undefined);
    stop.abort(new Error('enough'));
    await expect(stopped).rejects.toThrow('enough');
    connections.release();
    await next;
  });
});
