import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

const config = `
import { unprovedReporter } from '../../test/real/unproved-reporter.ts';
export default { test: { include: ['*.test.ts'], reporters: ['default', unprovedReporter()] } };
`;

const podmanSuite = `
import { test } from 'vitest';
import { describePeers } from '../../test/real/peers.ts';
test('needs nobody', () => {});
describePeers(['podman'], 'an image', () => {
  test('mounts', () => {});
});
`;

type Run = { readonly exitCode: number; readonly output: string; readonly lastLine: string };

/** Runs vitest, with the reporter, over one test file of its own on a machine where no peer is installed. */
async function runVitest(testFile: string, ci: string): Promise<Run> {
  mkdirSync(join(root, 'build'), { recursive: true });
  const folder = mkdtempSync(join(root, 'build', 'reporter-'));
  folders.push(folder);
  writeFileSync(join(folder, 'vitest.config.ts'), config);
  writeFileSync(join(folder, 'facts.test.ts'), testFile);
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  return await new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [vitest, 'run', '--root', folder],
      { env: { CI: ci, PATH: folder, HOME: folder }, timeout: 25_000 },
      (_error, stdout, stderr) => {
        const lastLine = stdout.trimEnd().split('\n').at(-1) ?? '';
        resolve({ exitCode: child.exitCode ?? -1, output: stdout + stderr, lastLine });
      },
    );
  });
}

describe('a test run on a machine without real peers', () => {
  test('says which fact was not proved, which peer was missing, and how to get it', async () => {
    const run = await runVitest(podmanSuite, '');
    expect(run.exitCode, run.output).toBe(0);
    expect(run.output).toMatch(/NOT PROVED.*: 1\n/);
    expect(run.output).toMatch(/an image > mounts\n +missing: podman\n/);
    expect(run.output).toContain('scripts/install-peers.sh');
    expect(run.lastLine).toBe('1 passed, 0 failed, 1 skipped');
  });

  test('names the peers of a suite and of the suite around it', async () => {
    const nested = `
      import { test } from 'vitest';
      import { describePeers } from '../../test/real/peers.ts';
      describePeers(['skopeo'], 'an image', () => {
        describePeers(['podman'], 'on a node', () => {
          test('mounts', () => {});
        });
      });
    `;
    const run = await runVitest(nested, '');
    expect(run.exitCode, run.output).toBe(0);
    expect(run.output).toMatch(/an image > on a node > mounts\n +missing: podman, skopeo\n/);
    expect(run.lastLine).toBe('0 passed, 0 failed, 1 skipped');
  });

  test('fails in CI, with a test that names the peer', async () => {
    const run = await runVitest(podmanSuite, 'true');
    expect(run.exitCode, run.output).toBe(1);
    expect(run.output).toContain('has its real peers: podman');
    expect(run.lastLine).toBe('1 passed, 1 failed');
  });
});

describe('a test run', () => {
  test('fails in CI when a test was skipped for any reason', async () => {
    const skipped = `import { test } from 'vitest'; test('a', () => {}); test.skip('b', () => {});`;
    const inCi = await runVitest(skipped, 'true');
    expect(inCi.exitCode, inCi.output).toBe(1);
    expect(inCi.lastLine).toBe('1 passed, 0 failed, 1 skipped');
    const elsewhere = await runVitest(skipped, '');
    expect(elsewhere.exitCode, elsewhere.output).toBe(0);
  });

  test('counts a failing hook and a file that does not load as failures', async () => {
    const hook = `
      import { beforeAll, test } from 'vitest';
      beforeAll(() => { throw new Error('no'); });
      test('a', () => {});
    `;
    const hookRun = await runVitest(hook, '');
    expect(hookRun.exitCode, hookRun.output).toBe(1);
    expect(hookRun.lastLine).toMatch(/^0 passed, 1 failed/);
    const fileRun = await runVitest(`throw new Error('no');`, '');
    expect(fileRun.exitCode, fileRun.output).toBe(1);
    expect(fileRun.lastLine).toBe('0 passed, 1 failed');
  });

  test('ends with nothing but the two counts when all is well', async () => {
    const run = await runVitest(`import { test } from 'vitest'; test('a', () => {});`, 'true');
    expect(run.exitCode, run.output).toBe(0);
    expect(run.lastLine).toBe('1 passed, 0 failed');
  });
});
