import { expect, test } from 'vitest';
import type { ResolvedModel, Sibling } from '../../src/core/model.ts';
import type { ModelSource } from '../../src/core/ports.ts';
import { readAll } from '../support/read-all.ts';

export interface FirstBytesUnderTest {
  readonly source: ModelSource;
  readonly model: Pick<ResolvedModel, 'id' | 'commit'>;
  readonly sibling: Sibling;
  /** How many readers hold a resource now. */
  readonly open?: () => number;
}

/** What `ModelSource.firstBytes` promises. Call inside a `describe`, with a file of more than a few bytes. */
export function obeysFirstBytesLaws(create: () => FirstBytesUnderTest | Promise<FirstBytesUnderTest>): void {
  const { signal } = new AbortController();

  test('its first bytes are those that a read of all of it begins with', async () => {
    const { source, model, sibling } = await create();
    const first = await source.firstBytes(model, sibling, 64, signal);
    const whole = await readAll(source.file(model, sibling));
    expect(Buffer.from(first)).toEqual(whole.subarray(0, 64));
  });

  test('more first bytes than it has are all of it', async () => {
    const { source, model, sibling } = await create();
    const first = await source.firstBytes(model, sibling, sibling.size + 1, signal);
    expect(Buffer.from(first).equals(await readAll(source.file(model, sibling)))).toBe(true);
  });

  test('the first bytes of an empty file are none', async () => {
    const { source, model, sibling } = await create();
    expect((await source.firstBytes(model, { ...sibling, size: 0 }, 64, signal)).length).toBe(0);
  });

  test('reading its first bytes leaves nothing open', async () => {
    const { source, model, sibling, open = () => 0 } = await create();
    await source.firstBytes(model, sibling, 64, signal);
    await expect.poll(open).toBe(0);
  });

  test('a signal that is aborted ends the read of its first bytes with its reason', async () => {
    const { source, model, sibling } = await create();
    const reason = new Error('enough');
    await expect(source.firstBytes(model, sibling, 64, AbortSignal.abort(reason))).rejects.toBe(reason);
  });
}
