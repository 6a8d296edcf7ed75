import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { systemProcesses } from './this-process.ts';

const { self, isAlive } = systemProcesses;

/** A process that waits until it is told to end. */
async function child(): Promise<{ pid: number; end(): Promise<void> }> {
  const started = spawn('cat', { stdio: ['pipe', 'ignore', 'ignore'] });
  onTestFinished(() => void started.kill('SIGKILL'));
  await once(started, 'spawn');
  return {
    pid: started.pid ?? expect.fail('it did not start'),
    async end() {
      started.kill('SIGKILL');
      await once(started, 'close');
    },
  };
}

test('this process lives, and knows itself', () => {
  expect(self).toMatchObject({ pid: process.pid, host: expect.stringMatching(/./) });
  expect(isAlive(self)).toBe(true);
});

test('another process lives until it is killed', async () => {
  const { pid, end } = await child();
  expect(isAlive({ host: self.host, pid })).toBe(true);
  await end();
  expect(isAlive({ host: self.host, pid })).toBe(false);
});

test('of another machine nothing is known', () => {
  expect(isAlive({ ...self, host: `not-${self.host}` })).toBeUndefined();
});

const hasProc = existsSync('/proc/self/stat');

test.runIf(hasProc)('a process that began at another time has only the same number', () => {
  expect(self.started).toMatch(/^\d+$/);
  expect(isAlive({ ...self, started: `${self.started}0` })).toBe(false);
});

test.runIf(hasProc)('a process that is dead and not yet buried is not alive', async () => {
  // The shell starts a child, kills it, and never asks for it.
  const script = 'sleep 600 & kill -9 $!; echo $!; exec cat';
  const parent = spawn('sh', ['-c', script], { stdio: ['pipe', 'pipe', 'ignore'] });
  onTestFinished(() => void parent.kill('SIGKILL'));
  const [line] = await once(parent.stdout, 'data');
  const pid = Number(String(line));
  await expect.poll(() => readFileSync(`/proc/${pid}/stat`, 'latin1')).toContain(') Z ');
  expect(isAlive({ host: self.host, pid })).toBe(false);
});
