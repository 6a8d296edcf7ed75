import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { runCommand } from './real/run-command.ts';
import { writeProgram } from './support/recipe.ts';
import { tempFolder } from './support/temp-folder.ts';

const SCRIPT = fileURLToPath(new URL('../scripts/audit-signatures.mjs', import.meta.url));

/** The check, with an npm that answers this. */
async function audit(answer: object | string, exitCode: number): Promise<string> {
  const folder = await tempFolder();
  const text = typeof answer === 'string' ? answer : JSON.stringify(answer);
  await writeProgram(join(folder, 'npm'), `cat <<'END'\n${text}\nEND\nexit ${exitCode}`);
  const env = { PATH: [folder, process.env.PATH ?? ''].join(delimiter) };
  return (await runCommand(process.execPath, [SCRIPT], { env })).stdout;
}

const PACKAGE = { name: 'evil', version: '1.2.3', registry: 'https://registry.npmjs.org/' };

test('packages that their registry signed pass the check', async () => {
  expect(await audit({ invalid: [], missing: [] }, 0)).toBe(
    'audit-signatures: every package is what its registry signed\n',
  );
});

test.each([
  ['cannot be found', 'ENOTFOUND', 'getaddrinfo ENOTFOUND tuf-repo-cdn.sigstore.dev'],
  ['does not answer in time', 'ETIMEDOUT', 'connect ETIMEDOUT 192.0.2.1:443'],
  [
    'publishes no keys',
    undefined,
    'found no dependencies to audit that were installed from a supported registry',
  ],
])('a registry that %s skips the check, and the reason is printed', async (_, code, summary) => {
  expect(await audit({ error: { code, summary } }, 1)).toBe(`audit-signatures: skipped: ${summary}\n`);
});

test.each<[what: string, answer: object | string, exitCode: number, reason: string]>([
  ['a wrong signature', { invalid: [PACKAGE], missing: [] }, 1, 'wrong signature or attestation: evil@1.2.3'],
  ['a missing signature', { invalid: [], missing: [PACKAGE] }, 1, 'no signature: evil@1.2.3'],
  [
    'an unknown key',
    { error: { code: 'EMISSINGSIGNATUREKEY', summary: 'no key for evil@1.2.3' } },
    1,
    'no key for evil@1.2.3 (EMISSINGSIGNATUREKEY)',
  ],
  [
    'an expired root of trust',
    { error: { code: 'TUF_ERROR', summary: 'expired' } },
    1,
    'expired (TUF_ERROR)',
  ],
  ['an answer that is not JSON', 'oops', 0, 'npm said oops'],
  ['an answer of another shape', {}, 0, 'npm said {}'],
  ['a failure without a reason', { invalid: [], missing: [] }, 9, 'npm ended with 9'],
])('%s fails the check', async (_, answer, exitCode, reason) => {
  await expect(audit(answer, exitCode)).rejects.toThrow(reason);
});
