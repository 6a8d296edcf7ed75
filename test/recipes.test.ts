import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { type FakeHub, startFakeHub, text } from './fakes/hub/fake-hub.ts';
import { type FakeRegistry, startFakeRegistry } from './fakes/registry/fake-registry.ts';
import { recipeBlocks, recipePages, recipeText, runRecipe, writeProgram } from './support/recipe.ts';
import { runCli } from './support/run-cli.ts';
import { secret } from './support/secrets.ts';
import { tempFolder } from './support/temp-folder.ts';

const PACKAGE = fileURLToPath(new URL('../package.json', import.meta.url));

const { version } = JSON.parse(await readFile(PACKAGE, 'utf8'));

let hub: FakeHub;

beforeAll(async () => {
  const files = { 'config.json': text('{}'), 'model.safetensors': text('weights') };
  hub = await startFakeHub({ repos: [{ id: 'acme/llama', files, tags: { 'v1.2': 'main' } }] });
});
afterAll(() => hub.close());

test('the recipes run the version that is here', async () => {
  const texts = await Promise.all((await recipePages()).map(recipeText));
  const named = texts.flatMap((text) => [...text.matchAll(/oci-modelcar[-:](\d[\w.-]*?)(?=\.tgz|[\s`])/g)]);
  expect(new Set(named.map(([, found]) => found))).toEqual(new Set([version]));
});

test('the page on how to install leads from the packed file to the command', async () => {
  const [install = ''] = await recipeBlocks('install.md', 'sh install');
  const options = { folder: await clone(), env: {}, tarball: TARBALL };
  const { stdout } = await runRecipe(`${install}oci-modelcar --version`, options);
  expect(stdout).toBe(`${version}\n`);
});

test.each([
  'npx --yes oci-modelcar --version',
  'npm install --global oci-modelcar',
  'oci-modelcar --version',
])('a recipe that runs %s, and does not install the packed file, fails its test', async (line) => {
  const recipe = runRecipe(line, { folder: await clone(), env: {}, tarball: TARBALL });
  await expect(recipe).rejects.toThrow(/ended with (99|127)/);
});

describe('the recipe for GitHub Actions', () => {
  test('pushes with the account and the token of the workflow', async () => {
    const registry = await openRegistry();
    const { run, env } = await githubPush();
    const folder = await clone();
    const output = join(folder, 'output');
    await runRecipe(at(registry, run), {
      folder,
      env: { ...env, GITHUB_ACTIONS: 'true', GITHUB_OUTPUT: output },
      tarball: TARBALL,
      shell: 'bash',
    });
    expect([...registry.tags('acme/llama').keys()].toSorted()).toEqual(['latest', 'v1.2']);
    const digest = registry.tags('acme/llama').get('v1.2');
    expect(await readFile(output, 'utf8')).toMatch(
      new RegExp(`imageRefDigest[=<](?:.|\\n)*${registry.host}/acme/llama@${digest}\n`),
    );
  });

  test('tries again after exit code 75, and only then', async () => {
    const registry = await openRegistry();
    const { run, env } = await githubPush();
    const folder = await clone();
    const programs = [await unavailableOnce(folder)];
    const options = { folder, env, tarball: TARBALL, programs, shell: 'bash' } as const;
    await runRecipe(at(registry, run), options);
    expect([...registry.tags('acme/llama').keys()]).toContain('v1.2');
    const wrongModel = at(registry, run).replace('acme/llama@', 'acme/nothing@');
    await expect(runRecipe(wrongModel, options)).rejects.toThrow(/ended with 4\n/);
  });

  test('gives up with exit code 75 after three tries', async () => {
    const { run, env } = await githubPush();
    const folder = await clone();
    await writeProgram(join(folder, 'down', 'oci-modelcar'), 'echo try; exit 75');
    const options = {
      folder,
      env,
      tarball: TARBALL,
      programs: [join(folder, 'down')],
      shell: 'bash',
    } as const;
    await expect(runRecipe(run, options)).rejects.toThrow(/ended with 75\n(try\n){3}$/);
  });
});

test('the recipe for Azure Pipelines pushes with the secrets that it maps', async () => {
  const registry = await openRegistry();
  const [page = ''] = await recipeBlocks('azure-pipelines.md', 'yaml');
  const { steps } = parse(page).jobs[0];
  const { env } = steps.find(({ name }: { name?: string }) => name === 'push');
  await runRecipe(at(registry, linesUpTo(steps, 'push')), {
    folder: await clone(),
    tarball: TARBALL,
    env: filled(env, { '$(HF_TOKEN)': '', '$(OCI_USERNAME)': USER, '$(OCI_PASSWORD)': PASSWORD }),
    shell: 'bash',
  });
  expect([...registry.tags('acme/llama').keys()].toSorted()).toEqual(['latest', 'v1.2']);
});

test('the recipe for GitLab pushes with the account of the job, and leaves a dotenv report and the state', async () => {
  const registry = await openRegistry();
  const [page = ''] = await recipeBlocks('gitlab-ci.md', 'yaml');
  const { script, variables, artifacts, cache } = parse(page).push;
  const folder = await clone();
  const env = filled(variables, { $CI_REGISTRY_USER: USER, $CI_REGISTRY_PASSWORD: PASSWORD });
  await runRecipe(script.join('\n'), {
    folder,
    tarball: TARBALL,
    env: { ...env, CI_REGISTRY_IMAGE: `${registry.host}/acme` },
  });
  const digest = registry.tags('acme/llama').get('v1.2');
  expect(await readFile(join(folder, artifacts.reports.dotenv), 'utf8')).toBe(
    `MANIFESTDIGEST=${digest}\nIMAGEREF=${registry.host}/acme/llama:v1.2\nIMAGEREFDIGEST=${registry.host}/acme/llama@${digest}\n`,
  );
  expect(await readdir(join(folder, cache.paths[0]))).toEqual(['state.json']);
});

describe('the recipe for a Kubernetes Job', () => {
  test('pushes with the registry credentials that it mounts', async () => {
    const registry = await openRegistry();
    const { containers, volumes } = (await kubernetesJob()).template.spec;
    const { args, env } = containers[0];
    const folder = await tempFolder();
    const auth = Buffer.from(`${USER}:${PASSWORD}`).toString('base64');
    // The kubelet names the file after the key of the Secret unless the volume says otherwise.
    expect(volumes.at(-1)).toEqual({ name: 'credentials', secret: { secretName: 'registry-credentials' } });
    await writeFile(
      join(folder, '.dockerconfigjson'),
      JSON.stringify({ auths: { [registry.host]: { auth } } }),
    );
    const { name } = env.find(({ value }: { value?: string }) => value === '/credentials');
    const run = await runCli(
      args.map((arg: string) => at(registry, arg)),
      { env: { HF_ENDPOINT: hub.endpoint, [name]: folder } },
    );
    expect(run).toMatchObject({ code: 0 });
    expect([...registry.tags('acme/llama').keys()].toSorted()).toEqual(['latest', 'v1.2']);
  });

  test('keeps its state file closed to others when the volume is mounted again', async () => {
    const { securityContext } = (await kubernetesJob()).template.spec;
    // With `Always`, the default, the kubelet makes all files of the volume writable by the group at each mount.
    expect(securityContext).toMatchObject({ fsGroup: 1000, fsGroupChangePolicy: 'OnRootMismatch' });
  });

  test('gives up at once unless another try can help: unavailable, out of memory, terminated', async () => {
    const { podFailurePolicy, template } = await kubernetesJob();
    expect(template.spec.restartPolicy).toBe('Never');
    expect(podFailurePolicy.rules.at(-1)).toEqual({
      action: 'FailJob',
      onExitCodes: {
        containerName: template.spec.containers[0].name,
        operator: 'NotIn',
        values: [75, 137, 143],
      },
    });
  });
});

const TARBALL = `./tools/oci-modelcar-${version}.tgz`;
const USER = 'pusher';
const PASSWORD = secret('recipe password');

async function openRegistry(): Promise<FakeRegistry> {
  const registry = await startFakeRegistry({ auth: { kind: 'basic', username: USER, password: PASSWORD } });
  onTestFinished(() => registry.close());
  return registry;
}

/** The text with the registry that is here in the place of those that it names. */
function at({ host }: FakeRegistry, script: string): string {
  return script.replaceAll(/ghcr\.io|registry\.example\.com/g, host);
}

/** What the place that runs the recipe puts for its own expressions. */
function filled(
  env: Readonly<Record<string, string>>,
  values: Readonly<Record<string, string>>,
): Record<string, string> {
  const entries = Object.entries(env).map(([name, expression]) => {
    const value = values[expression];
    if (value === undefined) throw new Error(`nobody said what ${expression} is`);
    return [name, value];
  });
  return { HF_ENDPOINT: hub.endpoint, ...Object.fromEntries(entries) };
}

async function githubPush(): Promise<{ run: string; env: Record<string, string> }> {
  const [page = ''] = await recipeBlocks('github-actions.md', 'yaml');
  const { steps } = parse(page).jobs.push;
  const { env } = steps.find(({ id }: { id?: string }) => id === 'push');
  const values = {
    '${{ secrets.HF_TOKEN }}': '',
    '${{ github.actor }}': USER,
    '${{ github.token }}': PASSWORD,
  };
  return { run: linesUpTo(steps, 'push'), env: filled(env, values) };
}

interface Step {
  readonly id?: string;
  readonly name?: string;
  readonly run?: string;
  readonly bash?: string;
}

/** The shell lines of a job's steps, up to and including this one. */
function linesUpTo(steps: readonly Step[], last: string): string {
  const end = steps.findIndex(({ id, name }) => id === last || name === last);
  return steps
    .slice(0, end + 1)
    .flatMap(({ run, bash }) => run ?? bash ?? [])
    .join('\n');
}

/** A user's repository with the package where the recipes expect it. */
async function clone(): Promise<string> {
  const folder = await tempFolder();
  await mkdir(join(folder, 'tools'));
  await writeFile(join(folder, TARBALL), 'packed');
  return folder;
}

/** A folder with a command whose first run ends with exit code 75. */
async function unavailableOnce(folder: string): Promise<string> {
  const programs = join(folder, 'once');
  const through = `exec "${join(folder, '.commands', 'oci-modelcar')}" "$@"`;
  await writeProgram(
    join(programs, 'oci-modelcar'),
    `[ ! -e "$0.ran" ] || ${through}\ntouch "$0.ran"; exit 75`,
  );
  return programs;
}

async function kubernetesJob() {
  const [page = ''] = await recipeBlocks('kubernetes-job.md', 'yaml');
  const documents = parseAllDocuments(page).map((document) => document.toJS());
  return documents.find(({ kind }) => kind === 'Job').spec;
}
