import { expect } from 'vitest';
import { ModelcarError } from '../../src/core/error.ts';
import { capture } from './captures.ts';

/** What `promise` rejects with, which must be an error of ours. */
export async function failureOf(promise: Promise<unknown>): Promise<ModelcarError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  capture('an error', error);
  if (error instanceof ModelcarError) return error;
  if (error !== undefined) throw error;
  return expect.fail('it succeeded');
}

/** What `work` gives; undefined where it refuses with an error of ours. Anything else that it throws fails the test. */
export function unlessRefused<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    expect(error).toBeInstanceOf(ModelcarError);
    return undefined;
  }
}
