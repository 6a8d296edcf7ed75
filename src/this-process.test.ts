import { spawn, spawnSync } from 'node:child_process';
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
  expect(isAlive({ ...self, pid, started: undefined })).toBe(true);
  await end();
  expect(isAlive({ ...self, pid, started: undefined })).toBe(false);
});

test('of another machine nothing is known', () => {
  expect(isAlive({ ...self, host: `not-${self.host}` })).toBeUndefined();
});

test('whether a process lives is unknown if its mark has no boot and no namespace, as in older versions', () => {
  expect(isAlive({ host: self.host, pid: self.pid, started: self.started })).toBe(
    self.boot === undefined ? true : undefined,
  );
});

const hasProc = existsSync('/proc/self/stat');

test.runIf(hasProc)('a process that began at another time has only the same number', () => {
  expect(self.started).toMatch(/^\d+$/);
  expect(isAlive({ ...self, started: `${self.started}0` })).toBe(false);
});

test.runIf(hasProc)('a process that is dead and not yet buried is not alive', async () => {
  // The shell starts a child and becomes cat, which never waits for the child; a shell might.
  const parent = spawn('sh', ['-c', 'sleep 600 & echo $!; exec cat'], { stdio: ['pipe', 'pipe', 'ignore'] });
  onTestFinished(() => void parent.kill('SIGKILL'));
  const [line] = await once(parent.stdout, 'data');
  const pid = Number(String(line));
  parent.stdin.write('the shell is cat by now\n');
  await once(parent.stdout, 'data');
  process.kill(pid, 'SIGKILL');
  await expect.poll(() => readFileSync(`/proc/${pid}/stat`, 'latin1')).toContain(') Z ');
  expect(isAlive({ ...self, pid, started: undefined })).toBe(false);
});

test.runIf(hasProc)(
  'a process of another boot or PID namespace of the same host is never called dead',
  () => {
    expect(self).toMatchObject({
      boot: expect.stringMatching(/^[0-9a-f-]{36}$/),
      pidNamespace: expect.stringMatching(/^pid:\[\d+\]$/),
    });
    expect(isAlive({ ...self, boot: 'another' })).toBeUndefined();
    expect(isAlive({ ...self, pidNamespace: 'pid:[1]' })).toBeUndefined();
  },
);

const unshare = ['-f', '-p', '--mount-proc', '--user', '--map-root-user'];
const hasNamespaces = hasProc && spawnSync('unshare', [...unshare, 'true']).status === 0;

test.runIf(hasNamespaces)('two containers with one host name do not call each other dead', () => {
  const { stdout } = spawnSync('unshare', [...unshare, 'readlink', '/proc/self/ns/pid'], {
    encoding: 'utf8',
  });
  expect(stdout).toMatch(/^pid:/);
  // No process here has the other container's id: without the namespace in its mark, it looked dead.
  expect(isAlive({ ...self, pid: 4_000_000, started: '1', pidNamespace: stdout.trim() })).toBeUndefined();
  expect(isAlive({ ...self, pid: 4_000_000, started: '1' })).toBe(false);
});
