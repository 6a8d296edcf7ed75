import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { capture } from '../support/captures.ts';
import { httpServer } from '../support/raw-server.ts';
import { type CliRun, runCli } from '../support/run-cli.ts';
import { tempFolder } from '../support/temp-folder.ts';
import {
  type EchoOptions,
  type EchoWorld,
  echoWorld,
  type Kind,
  REPOSITORY,
  repeated,
  SECRETS,
} from './echo-world.ts';

/** A law: no log style shows a secret of our requests, however a server repeats it. */

const STYLES: readonly (readonly string[])[] = [
  ['--log-style', 'text'],
  ['--log-style', 'text', '--verbose'],
  ['--json'],
  ['--log-style', 'github', '--verbose'],
  ['--log-style', 'azure', '--verbose'],
];
const KINDS: readonly Kind[] = ['json', 'text', 'html'];

interface Stage extends Partial<EchoOptions> {
  readonly echoed: EchoOptions['echoed'];
  readonly identity?: true;
}

const at =
  (server: string, line: RegExp): EchoOptions['echoed'] =>
  (asked) =>
    asked.server === server && line.test(asked.line) && (asked.authorized || server !== 'registry');

const STAGES: Readonly<Record<string, Stage>> = {
  "the Hub's information": { echoed: at('hub', /\/revision\//) },
  "the Hub's listing": { echoed: at('hub', /\/tree\//) },
  'a file of the Hub, asked with HEAD': { echoed: at('hub', /^HEAD .*\/resolve\//) },
  'a file of the Hub': { echoed: at('hub', /^GET .*\/resolve\//) },
  'a Hub that redirects astray': { echoed: at('hub', /\/revision\//), status: 307, redirects: true },
  "the Hub's storage": { echoed: at('storage', /./) },
  'the greeting of a registry': { echoed: at('registry', /^GET \/v2\/$/), status: 401 },
  'a token server asked with an account': { echoed: at('realm', /^GET /), status: 500 },
  'a token server asked with an identity token': { echoed: at('realm', /^POST /), identity: true },
  'the question for a blob': { echoed: at('registry', /^HEAD .*\/blobs\//), auth: 'basic' },
  'the opening of an upload': { echoed: at('registry', /^POST /) },
  'a body': { echoed: at('registry', /^PATCH /), status: 500 },
  'a body that a thread sends': { echoed: at('registry', /^PATCH /), status: 500, threads: true },
  'a body that is refused': { echoed: at('registry', /^PATCH /), status: 413 },
  'the commit of an upload': { echoed: at('registry', /^PUT .*\/uploads\//), auth: 'basic' },
  'the question for an upload': {
    echoed: at('registry', /^GET .*\/uploads\//),
    broken: ({ line }) => line.startsWith('PATCH '),
  },
  'an upload that is sent astray': { echoed: at('registry', /^PATCH /), status: 307, redirects: true },
  'a token server that is named after the request': { echoed: at('registry', /^POST /), status: 401 },
  'a manifest': { echoed: at('registry', /^PUT .*\/manifests\/sha256/), status: 400 },
  'a tag': { echoed: at('registry', /^PUT .*\/manifests\/v1/), status: 500 },
  'the question for a manifest': { echoed: at('registry', /^HEAD .*\/manifests\//), status: 200 },
};

async function runs(
  world: EchoWorld,
  command: readonly string[],
  style: readonly string[],
  { identity, env = {} }: { identity?: true | undefined; env?: Record<string, string> } = {},
): Promise<CliRun> {
  const folder = await tempFolder();
  const files = {
    GITHUB_STEP_SUMMARY: join(folder, 'summary.md'),
    GITHUB_OUTPUT: join(folder, 'output.txt'),
  };
  for (const file of Object.values(files)) await writeFile(file, '');
  const account = { OCI_USERNAME: 'ada', OCI_PASSWORD: SECRETS.password };
  const authFile = join(folder, 'auth.json');
  const auth = Buffer.from('ada:').toString('base64');
  await writeFile(
    authFile,
    JSON.stringify({ auths: { [world.registry]: { auth, identitytoken: SECRETS.identityToken } } }),
  );
  const run = await runCli([...command, ...style], {
    env: {
      HF_ENDPOINT: world.hub.origin,
      HF_TOKEN: SECRETS.hubToken,
      ...(identity ? { REGISTRY_AUTH_FILE: authFile } : account),
      ...files,
      ...env,
    },
  });
  const shown = [run.stdout, run.stderr];
  for (const file of Object.values(files)) {
    const content = await readFile(file, 'utf8');
    capture(file, content);
    shown.push(content);
  }
  expectNoBeginnings(shown.join('\n'));
  return run;
}

/** `captures.ts` finds whole secrets in every spelling; this looks for their beginnings. */
function expectNoBeginnings(shown: string): void {
  for (const [name, secret] of Object.entries(SECRETS)) {
    const start = secret.slice(0, 10);
    for (const spelt of [start, encodeURIComponent(start), JSON.stringify(start).slice(1, -1)]) {
      expect(shown, `the beginning of ${name}`).not.toContain(spelt);
    }
  }
}

const push = (world: EchoWorld) => [
  ...['push', 'acme/llama', `http://${world.registry}/${REPOSITORY}:v1`, '--allow-patterns', '*'],
  ...['--hf-max-retries', '1', '--oci-max-retries', '1'],
];

/** Each test runs the command five to nine times. */
const LIMIT = { timeout: 120_000 };

describe('nothing of the request is shown when it is repeated by', LIMIT, () => {
  test.each(Object.entries(STAGES))('%s', async (_, { identity, ...stage }) => {
    await Promise.all(
      STYLES.map(async (style, at) => {
        const kind = KINDS[at % KINDS.length] ?? 'json';
        const world = await echoWorld({ auth: 'bearer', kind, ...stage });
        const run = await runs(world, push(world), style, { identity });
        expect(world.echoes, 'something was repeated').not.toEqual([]);
        expect(run.stdout + run.stderr).toMatch(/…/);
      }),
    );
  });

  test('a registry in its warnings, of a push that succeeds', async () => {
    await Promise.all(
      STYLES.map(async (style) => {
        const world = await echoWorld({ auth: 'bearer', kind: 'text', echoed: () => false, warns: true });
        const run = await runs(world, push(world), style);
        expect(run.code).toBe(0);
        expect(run.stdout + run.stderr).toContain('says: ');
      }),
    );
  });

  test.each([
    ['a list of tags', 'status', /tags\/list/],
    ['a manifest that is read', 'validate', /^GET .*\/manifests\//],
    ['a blob that is read', 'validate', /^GET .*\/blobs\//],
  ] as const)('%s', async (_, command, line) => {
    await Promise.all(
      KINDS.map(async (kind) => {
        const reading = { on: false };
        const echoed: EchoOptions['echoed'] = (asked) => reading.on && at('registry', line)(asked);
        const world = await echoWorld({ auth: 'bearer', kind, echoed, status: 400 });
        expect((await runs(world, push(world), [])).code).toBe(0);
        reading.on = true;
        const target = `http://${world.registry}/${REPOSITORY}${command === 'status' ? '' : ':v1'}`;
        for (const json of [[], ['--json']]) {
          expect((await runs(world, [command, target], json)).code).not.toBe(0);
        }
        expect(world.echoes).not.toEqual([]);
      }),
    );
  });

  test('a proxy, of the account that it was given', async () => {
    const account = `ada:${encodeURIComponent(SECRETS.proxyPassword)}`;
    await Promise.all(
      STYLES.map(async (style) => {
        const world = await echoWorld({ kind: 'text', echoed: () => false });
        const proxy = await httpServer((request, response) => {
          response.writeHead(403).end(`denied: ${repeated(request, Buffer.alloc(0))}`);
        });
        const url = proxy.origin.replace('//', `//${account}@`);
        const run = await runs(
          { ...world, hub: { ...world.hub, origin: 'http://hub.test' } },
          push(world),
          style,
          {
            env: { HTTP_PROXY: url, http_proxy: url, NO_PROXY: '' },
          },
        );
        expect(run.stdout + run.stderr).toContain('denied: ');
      }),
    );
  });
});
