import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { type FakeHub, startFakeHub, synthetic, text } from '../fakes/hub/fake-hub.ts';
import { startFakeRegistry } from '../fakes/registry/fake-registry.ts';
import type { FaultAnswer } from '../fakes/registry/faults.ts';
import { type CliRun, runCli } from '../support/run-cli.ts';
import { secret } from '../support/secrets.ts';

const MIB = 2 ** 20;
const ada = { username: 'ada', password: secret('password') };
const account = { OCI_USERNAME: ada.username, OCI_PASSWORD: ada.password };
const denied = (message: string): FaultAnswer => ({
  status: 403,
  body: JSON.stringify({ errors: [{ code: 'DENIED', message }] }),
});
let hub: FakeHub;

beforeAll(async () => {
  const files = {
    'config.json': text('{}\n'),
    'model-00001-of-00002.safetensors': synthetic({ size: MIB }),
    'model-00002-of-00002.safetensors': synthetic({ size: MIB, seed: 2 }),
  };
  hub = await startFakeHub({ repos: [{ id: 'acme/llama', files }] });
});

afterAll(() => hub?.close());

async function refused(answer: FaultAnswer, ...flags: string[]): Promise<CliRun> {
  const registry = await startFakeRegistry({ auth: { kind: 'bearer', ...ada } });
  onTestFinished(() => registry.close());
  registry.addFault({
    on: 'upload-patch',
    times: Number.POSITIVE_INFINITY,
    answer: { ...answer, at: 'unstored' },
  });
  const args = ['push', 'acme/llama', `${registry.host}/acme/llama:v1`, ...flags];
  return runCli(args, { env: { HF_ENDPOINT: hub.endpoint, ...account } });
}

test.each<[what: string, answer: FaultAnswer, exitCode: number, hint: RegExp]>([
  [
    'a quota',
    denied(
      'adding 2.0 GiB of storage resource, which when updated to current usage of 9.1 GiB will exceed the configured upper limit of 10.0 GiB.',
    ),
    6,
    /quota/,
  ],
  ['full storage', { status: 507 }, 6, /storage/],
  [
    'read-only mode',
    denied('The system is in read only mode. Any modification is prohibited.'),
    75,
    /read-only mode/,
  ],
  ['package settings', { status: 403, body: 'denied: permission_denied: write_package' }, 3, /package/],
])(
  '%s at the registry ends the command with its own exit code and hint, and asks for no login',
  async (_, answer, exitCode, hint) => {
    const run = await refused(answer);
    expect(run).toMatchObject({ code: exitCode, stdout: '' });
    expect(run.stderr).toMatch(new RegExp(`hint: .*${hint.source}`));
    expect(run.stderr).not.toMatch(/log in/i);
  },
);

test.each([['1'], ['4']])('with %s workers a refusal names file, account and origin', async (workers) => {
  const run = await refused(denied('requested access to the resource is denied'), '--workers', workers);
  expect(run).toMatchObject({ code: 3, stdout: '' });
  expect(run.stderr).toMatch(
    /error: cannot push models\/model-0000[12]-of-00002\.safetensors to \S+ as user "ada" \(from OCI_USERNAME\): 403 DENIED/,
  );
});
