import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type FakeHub, startFakeHub, synthetic } from '../fakes/hub/fake-hub.ts';
import { type FakeRegistry, startFakeRegistry } from '../fakes/registry/fake-registry.ts';
import { COMMAND, runCli } from '../support/run-cli.ts';
import { tempFolder } from '../support/temp-folder.ts';

const SIZE = 64 * 2 ** 20;
let hub: FakeHub;
let registry: FakeRegistry;

beforeEach(async () => {
  hub = await startFakeHub({
    repos: [
      {
        id: 'acme/big',
        files: {
          'a.safetensors': synthetic({ size: SIZE }),
          'b.safetensors': synthetic({ size: 9 }),
        },
      },
    ],
  });
  registry = await startFakeRegistry({ personality: 'dist3' });
});
afterEach(async () => {
  await Promise.all([hub.close(), registry.close()]);
});

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)(
  '%s in the middle of a layer ends the push with %d: nothing tagged, and what was sent is not sent again',
  async (signal, code) => {
    hub.addFault({ on: 'cdn', path: 'a.safetensors', kind: 'stall', afterBytes: 8 * 2 ** 20, seconds: 120 });
    const state = join(await tempFolder(), 'state.json');
    const env = { HF_ENDPOINT: hub.endpoint, STATE_FILE: state };
    const args = ['push', 'acme/big', `${registry.host}/acme/big:v1`];
    const run = await runCli(args, {
      env,
      kill: {
        signal,
        when: () => expect.poll(() => registry.bytesReceived).toBeGreaterThan(2 ** 20),
      },
    });
    expect(run).toMatchObject({ code, stdout: '' });
    expect(run.stderr).toContain(`stopped by ${signal}: nothing was tagged`);
    expect([registry.tags('acme/big').size, registry.openSessions]).toEqual([0, 1]);
    const sent = registry.bytesReceived;
    const again = await runCli(args, { env });
    expect(again.code).toBe(0);
    const layers = registry.bytesReceived - sent;
    expect(layers).toBeLessThan(SIZE);
    expect(sent + layers).toBeLessThan(1.1 * SIZE);
  },
);

test('a second signal ends the push at once, without waiting for the request that the first one ends', async () => {
  hub.addFault({ on: 'cdn', path: 'a.safetensors', kind: 'stall', afterBytes: 8 * 2 ** 20, seconds: 120 });
  const answer = registry.gate();
  registry.addFault({ on: 'upload-patch', holdAnswer: answer });
  const run = await runCli(['push', 'acme/big', `${registry.host}/acme/big:v1`], {
    env: { HF_ENDPOINT: hub.endpoint, STATE_FILE: join(await tempFolder(), 'state.json') },
    kill: {
      signal: 'SIGINT',
      when: async (pid) => {
        await expect.poll(() => registry.bytesReceived).toBeGreaterThan(2 ** 20);
        process.kill(pid, 'SIGINT');
        await answer.reached; // the body has ended in good order, and its answer does not come
      },
    },
  });
  // No exit code of ours: the system has ended it.
  expect([run.code, run.stdout]).toEqual(['SIGINT', '']);
  expect(registry.tags('acme/big').size).toBe(0);
});

test.each(['SIGHUP', 'SIGQUIT'] as const)(
  '%s ends the push at once, and the next run resumes',
  async (signal) => {
    hub.addFault({ on: 'cdn', path: 'a.safetensors', kind: 'stall', afterBytes: 8 * 2 ** 20, seconds: 120 });
    const state = join(await tempFolder(), 'state.json');
    const env = { HF_ENDPOINT: hub.endpoint, STATE_FILE: state };
    const args = ['push', 'acme/big', `${registry.host}/acme/big:v1`];
    const when = async () => {
      await expect.poll(() => readFile(state, 'utf8')).toContain('/blobs/uploads/');
      await expect.poll(() => registry.bytesReceived).toBeGreaterThan(2 ** 20);
    };
    const run = await runCli(args, { env, kill: { signal, when } });
    // Shells report 128 and the number of the signal: 129 and 131.
    expect([run.code, run.stdout, registry.tags('acme/big').size]).toEqual([signal, '', 0]);
    const sent = registry.bytesReceived;
    expect((await runCli(args, { env })).code).toBe(0);
    expect(registry.bytesReceived).toBeLessThan(1.1 * SIZE);
    expect(registry.bytesReceived - sent).toBeLessThan(SIZE);
  },
);

test('Ctrl-\\ in the live view leaves the terminal with its cursor', async () => {
  hub.addFault({ on: 'cdn', path: 'a.safetensors', kind: 'stall', afterBytes: 8 * 2 ** 20, seconds: 120 });
  const home = await tempFolder();
  const line = `exec "${process.execPath}" "${COMMAND}" push acme/big ${registry.host}/acme/big:v1`;
  // The terminal is one of script, which hands on what it reads as keys.
  const terminal = spawn('script', ['-qec', line, '/dev/null'], {
    env: { PATH: process.env.PATH, HOME: home, TERM: 'xterm', HF_ENDPOINT: hub.endpoint },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const shown = text(terminal.stdout);
  const ended = once(terminal, 'close');
  await expect.poll(() => registry.bytesReceived).toBeGreaterThan(2 ** 20);
  terminal.stdin.write('\x1c');
  expect(await ended).toEqual([128 + 3, null]);
  const output = await shown;
  const [hides, shows] = ['\x1b[?25l', '\x1b[?25h'].map((code) => output.lastIndexOf(code));
  expect(hides).toBeGreaterThan(-1);
  expect(shows).toBeGreaterThan(hides ?? 0);
});
