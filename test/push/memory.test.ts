import { expect, test } from 'vitest';
import type { ByteSource } from '../../src/core/bytes.ts';
import { FILE, scenario } from '../support/push-scenario.ts';

const MIB = 2 ** 20;
const SIZE = 1024 * MIB;
/** sha256 of 1 GiB of zeros, as `head -c 1G /dev/zero | sha256sum` prints it. */
const SHA256 = '49bc20df15e412a64472421e13fe86ff1c5165e18b2afccf160d4dc19fe68a14';

test('a layer of 1 GiB goes to a registry that is slower than its source in bounded memory', async () => {
  const told = await scenario({ keepBytes: 0, personality: 'dist3' });
  const gate = told.registry.gate();
  told.registry.addFault({ on: 'upload-patch', holdBody: { after: 100 * MIB, gate } });
  let read = 0;
  /** Zeros in chunks of their own: whoever holds on to them holds on to memory. */
  const freshZeros: ByteSource = {
    size: SIZE,
    async *open({ start = 0, signal } = {}) {
      for (read = start; read < SIZE; read += MIB) {
        signal?.throwIfAborted();
        yield Buffer.alloc(MIB);
      }
    },
  };
  const sibling = { path: FILE, size: SIZE, oid: { algorithm: 'sha256' as const, hex: SHA256 } };
  const source = {
    resolve: async () => ({
      id: { type: 'model' as const, name: 'acme/llama' },
      revision: 'main',
      commit: '0'.repeat(40),
      siblings: [sibling],
    }),
    file: () => freshZeros,
    firstBytes: async () => expect.fail('no head was to be read'),
  };
  const before = process.memoryUsage.rss();
  let most = 0;
  const sampling = setInterval(() => {
    most = Math.max(most, process.memoryUsage.rss() - before);
  }, 20);
  let readWhileHeld = 0;
  try {
    const pushed = told.push({ source });
    await gate.reached;
    // Long enough for a source without end in memory to get far ahead, were it not held back.
    await new Promise((resolve) => setTimeout(resolve, 500));
    readWhileHeld = read;
    gate.release();
    await pushed;
  } finally {
    clearInterval(sampling);
  }
  expect(readWhileHeld / MIB).toBeLessThan(100 + 32); // what the kernel and one high-water mark hold
  expect(told.registry.bytesReceived).toBeGreaterThan(SIZE);
  expect(most).toBeGreaterThan(0);
  expect(most / MIB).toBeLessThan(100);
}, 120_000);
