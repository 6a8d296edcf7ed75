import { expect, test } from 'vitest';
import type { ByteSource } from '../../src/core/bytes.ts';
import { readAll } from '../support/read-all.ts';

export interface SourceUnderTest {
  readonly source: ByteSource;
  /** How many readers hold a resource now: an open connection, a running generator. */
  readonly open?: () => number | Promise<number>;
}

/** What every `ByteSource` promises (`core/bytes.ts`). Call inside a `describe`. */
export function obeysByteSourceLaws(create: () => SourceUnderTest | Promise<SourceUnderTest>): void {
  test('is as long as its size says', async () => {
    const { source } = await create();
    expect((await readAll(source)).length).toBe(source.size);
  });

  test('gives the same bytes every time it is opened', async () => {
    const { source } = await create();
    const [first, second] = [await readAll(source), await readAll(source)];
    expect(second.equals(first)).toBe(true);
  });

  test('opened at an offset it is the whole without what lies before', async () => {
    const { source } = await create();
    const whole = await readAll(source);
    for (const start of [1, Math.floor(source.size / 2), source.size - 1].filter((at) => at >= 0)) {
      expect((await readAll(source, start)).equals(whole.subarray(start))).toBe(true);
    }
  });

  test('can be opened at an offset before it was ever read from the start', async () => {
    const { source } = await create();
    const start = Math.floor(source.size / 2);
    const tail = await readAll(source, start);
    expect(tail.equals((await readAll(source)).subarray(start))).toBe(true);
  });

  test('opened at its end it yields nothing', async () => {
    const { source } = await create();
    expect((await readAll(source, source.size)).length).toBe(0);
  });

  test('can be read by two at once', async () => {
    const { source } = await create();
    const [first, second] = await Promise.all([readAll(source), readAll(source)]);
    expect(second.equals(first)).toBe(true);
  });

  test('a signal that is aborted ends the iteration with its reason', async () => {
    const { source } = await create();
    const reason = new Error('enough');
    await expect(async () => {
      for await (const _ of source.open({ signal: AbortSignal.abort(reason) })) break;
    }).rejects.toBe(reason);
  });

  test('leaving the loop early releases what was opened', async () => {
    const { source, open } = await create();
    for await (const _ of source.open()) break;
    if (open) await expect.poll(open).toBe(0);
    expect((await readAll(source)).length).toBe(source.size);
  });
}
