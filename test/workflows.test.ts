import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { recipeBlocks } from './support/recipe.ts';

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly with?: Readonly<Record<string, unknown>>;
}

interface Job {
  readonly container?: { readonly image: string };
  readonly environment?: string;
  readonly needs?: string | readonly string[];
  readonly outputs?: Readonly<Record<string, string>>;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly 'timeout-minutes'?: number;
  readonly steps: readonly Step[];
}

interface Workflow {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions: object;
  readonly jobs: Readonly<Record<string, Job>>;
}

const FOLDER = fileURLToPath(new URL('../.github/workflows', import.meta.url));

const workflows = new Map<string, Workflow>();
for (const name of await readdir(FOLDER)) {
  workflows.set(name, parse(await readFile(join(FOLDER, name), 'utf8')));
}
const [inPage = ''] = await recipeBlocks('github-actions.md', 'yaml');
workflows.set('the workflow of docs/recipes/github-actions.md', parse(inPage));

describe.each([...workflows])('%s', (_, workflow) => {
  const jobs = Object.entries(workflow.jobs);
  const steps = jobs.flatMap(([, job]) => job.steps);

  test('grants nothing to all jobs, and to each what it says', () => {
    expect(workflow.permissions).toEqual({});
    for (const [name, job] of jobs) expect(job.permissions, name).toBeDefined();
  });

  test('never runs the code of a fork with rights of its own', () => {
    expect(Object.keys(workflow.on)).not.toContain('pull_request_target');
    expect(Object.keys(workflow.on)).not.toContain('workflow_run');
  });

  test('puts nothing that others may have written into a script', () => {
    for (const { run } of steps) expect(run ?? '').not.toContain('${{');
  });

  test('uses actions by their commit', () => {
    for (const uses of steps.flatMap((step) => step.uses ?? []))
      expect(uses).toMatch(/^[\w./-]+@[0-9a-f]{40}$/);
  });

  test('gives only the right to read to a job that runs foreign code or an image whose tag floats', () => {
    for (const [name, job] of jobs) {
      const scripts = job.steps.map(({ run }) => run ?? '').join('\n');
      const floats = job.container !== undefined && !/@sha256:[0-9a-f]{64}$/.test(job.container.image);
      if (!floats && !RUNS_CODE_OF_OTHERS.test(scripts)) continue;
      expect([name, job.permissions, job.environment]).toEqual([name, { contents: 'read' }, undefined]);
    }
  });

  test('leaves no credentials behind in a checkout', () => {
    const checkouts = steps.filter(({ uses }) => uses?.startsWith('actions/checkout@'));
    for (const { with: inputs } of checkouts) expect(inputs?.['persist-credentials']).toBe(false);
  });

  test('ends by itself', () => {
    for (const [name, job] of jobs) expect(job['timeout-minutes'], name).toBeGreaterThan(0);
  });
});

/** Builds, package scripts, and the helper images that buildx starts by floating tags. */
const RUNS_CODE_OF_OTHERS =
  /\bnpm (?:ci|pack|run|test|exec|x)\b|\bnpm i(?:nstall)?\b(?!.*--ignore-scripts)|\bnpx\b|\.ci\/run|\b(?:podman|docker|buildah)\b.*\b(?:build|buildx|run|pull)\b/;

describe('a release', () => {
  const { pack, ...others } = workflows.get('release.yml')?.jobs ?? {};
  const takers = Object.entries(others).filter(([, { steps }]) => steps.some(isDownload));

  test('is made once: the package, the image from it, and one hash of everything', () => {
    const script = pack?.steps.map(({ run }) => run ?? '').join('\n') ?? '';
    expect(script).toMatch(
      /^npm pack$[\s\S]*^podman build [\s\S]*^tar -cf release\.tar release$[\s\S]*sha256sum release\.tar/m,
    );
    expect(pack?.outputs).toEqual({ sha256: expect.stringMatching(/ steps\.bundle\.outputs\.sha256 /) });
    const builds = Object.values(others).flatMap(({ steps }) =>
      steps.filter(({ run }) => /podman build/.test(run ?? '')),
    );
    expect(builds).toEqual([]);
  });

  test('names the base of its image by a digest', () => {
    const build = pack?.steps.find(({ run }) => run?.includes('podman build'))?.run;
    expect(build).toContain('--build-arg "BASE=$base@sha256:$digest"');
  });

  test.each(takers)('%s compares the hash before it uses what it downloads', (_, { needs, steps }) => {
    expect([needs].flat()).toContain('pack');
    const at = steps.findIndex(isDownload);
    expect(steps[at + 1]).toMatchObject({
      run: expect.stringMatching(
        /^printf '%s {2}release\.tar\\n' "\$SHA256" \| sha256sum --check --strict && tar /,
      ),
      env: { SHA256: expect.stringMatching(/ needs\.pack\.outputs\.sha256 /) },
    });
    const before = steps.slice(0, at).map(({ run }) => run ?? '');
    expect(before.join('\n')).not.toContain('release/');
  });

  test('is used by each job that publishes, and always checks the signatures of packages', () => {
    expect(takers.map(([name]) => name)).toEqual(['npm', 'image', 'github']);
    expect(pack?.steps.map(({ run }) => run)).toContain('npm audit signatures');
  });

  test('is published to npm by a job that runs no code of other packages', () => {
    const { npm } = others;
    expect(npm?.permissions).toEqual({ 'id-token': 'write' });
    const scripts = npm?.steps.flatMap(({ run }) => run ?? []) ?? [];
    expect(scripts.at(-1)).toMatch(/^npm publish .*--ignore-scripts/);
    expect(scripts).toHaveLength(2);
  });
});

test('the update bot looks at every folder that pins something', async () => {
  const { updates } = parse(await readFile(join(FOLDER, '..', 'dependabot.yml'), 'utf8'));
  const watched = updates.flatMap((update: Update) =>
    (update.directories ?? [update.directory]).map((folder) => `${update['package-ecosystem']} ${folder}`),
  );
  const project = join(FOLDER, '..', '..');
  const files = [
    ...(await readdir(project)),
    ...(await readdir(join(project, 'test'), { recursive: true })).map((file) => join('test', file)),
    ...[...workflows.keys()].map((name) => join('.github', 'workflows', name)),
  ];
  const pinning = files.flatMap((file) => {
    const ecosystem = PINS.find(([name]) => name.test(file))?.[1];
    const folder = ecosystem === 'github-actions' ? '/' : join('/', dirname(file));
    return ecosystem === undefined ? [] : [`${ecosystem} ${folder}`];
  });
  expect(watched.toSorted()).toEqual([...new Set(pinning)].toSorted());
});

interface Update {
  readonly 'package-ecosystem': string;
  readonly directory?: string;
  readonly directories?: readonly string[];
}

const PINS: readonly (readonly [RegExp, string])[] = [
  [/^\.github\/workflows\//, 'github-actions'],
  [/(^|\/)package-lock\.json$/, 'npm'],
  [/(^|\/)go\.sum$/, 'gomod'],
  [/(^|\/)requirements[\w-]*\.txt$/, 'pip'],
  [/(^|\/)Containerfile$/, 'docker'],
];

function isDownload({ uses }: Step): boolean {
  return uses?.startsWith('actions/download-artifact@') ?? false;
}
