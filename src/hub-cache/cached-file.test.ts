import { expect, test } from 'vitest';
import { failureOf } from '../../test/support/rejection.ts';
import { cacheError, systemProblem } from './cache-problem.ts';
import { chunksOf } from './cached-file.ts';

const failure = (code: string, text: string) => Object.assign(new Error(`${code}: ${text}`), { code });

async function readFrom(read: () => Promise<never>): Promise<void> {
  for await (const _ of chunksOf({ read }, { path: 'model.safetensors', size: 10 }, 0));
}

test.each([
  ['EIO', 'i/o error, read'],
  ['ESTALE', 'stale file handle, read'],
])(
  'a disk or a share that fails with %s is named as the cache, and another run may help',
  async (code, text) => {
    const error = await failureOf(readFrom(() => Promise.reject(failure(code, text))));
    expect(error).toMatchObject({
      code: 'UNAVAILABLE',
      message: `cannot read model.safetensors from the cache: ${code}: ${text}`,
      hint: expect.stringContaining('the disk or the network share that has the cache'),
    });
  },
);

test('a file that gets shorter while it is read is named with both sizes', async () => {
  const read = async () => ({ bytesRead: 0, buffer: Buffer.alloc(0) });
  const chunks = chunksOf({ read: read as never }, { path: 'a', size: 10 }, 4);
  await expect(chunks.next()).rejects.toMatchObject({
    code: 'CONTENT_MISMATCH',
    message: 'cannot read a from the cache: expected 10 bytes, got 4',
  });
});

test('a file that this user may not read is an error that another run does not change', () => {
  const denied = cacheError([systemProblem('a', failure('EACCES', "permission denied, open '/cache/a'"))]);
  expect(denied).toMatchObject({
    code: 'NOT_FOUND',
    message: "cannot read a from the cache: EACCES: permission denied, open '/cache/a'",
    hint: expect.stringContaining('Let this user read the cache'),
  });
});
