import type { ByteSource } from '../../src/core/bytes.ts';

/** Everything from `start`, in memory: for small sources only. */
export async function readAll(source: ByteSource, start = 0): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of source.open({ start })) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}
