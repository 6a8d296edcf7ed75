import type { ServerResponse } from 'node:http';
import { expect } from 'vitest';

/** Sends `piece` again and again until the other side has had enough. */
export function sendForEver(response: ServerResponse, piece: string): void {
  const much = Buffer.from(piece.repeat(Math.ceil(2 ** 16 / piece.length)));
  const send = (): void => {
    if (!response.destroyed && response.write(much)) setImmediate(send);
  };
  response.flushHeaders();
  if (response.req.method === 'HEAD') return;
  response.on('drain', send);
  send();
}

const GENEROUS_BYTES = 100 * 2 ** 20;

/** What `work` gives, if the process did not swell by it. */
export async function withinMemory<T>(work: () => Promise<T>): Promise<T> {
  const before = process.memoryUsage().rss;
  const result = await work();
  expect(process.memoryUsage().rss - before).toBeLessThan(GENEROUS_BYTES);
  return result;
}
