import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, onTestFinished, test } from 'vitest';
import { abortScope } from './abort-scope.ts';

test('work ends with the reason of its caller', () => {
  const caller = new AbortController();
  const scope = abortScope(caller.signal);
  expect(scope.signal.aborted).toBe(false);
  caller.abort('enough');
  expect(scope.signal.reason).toBe('enough');
  expect(abortScope(caller.signal).signal.reason).toBe('enough');
});

test('finished work no longer listens to its caller', () => {
  const caller = new AbortController();
  const scope = abortScope(caller.signal);
  scope.end();
  const { reason } = scope.signal;
  caller.abort('enough');
  expect([scope.signal.aborted, scope.signal.reason]).toEqual([true, reason]);
});

test('a time limit that only the work refers to is kept, whatever the garbage collector does', async () => {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  const { signal } = abortScope(AbortSignal.timeout(300));
  const collecting = setInterval(collect, 10);
  onTestFinished(() => clearInterval(collecting));
  await expect.poll(() => signal.aborted).toBe(true);
  expect(signal.reason.name).toBe('TimeoutError');
});
