import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { recipeBlocks } from './support/recipe.ts';

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

interface Job {
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

  test('leaves no credentials behind in a checkout', () => {
    const checkouts = steps.filter(({ uses }) => uses?.startsWith('actions/checkout@'));
    for (const { with: inputs } of checkouts) expect(inputs?.['persist-credentials']).toBe(false);
  });

  test('ends by itself', () => {
    for (const [name, job] of jobs) expect(job['timeout-minutes'], name).toBeGreaterThan(0);
  });
});

test('a job that may publish to npm runs no code of other packages', () => {
  const { npm } = workflows.get('release.yml')?.jobs ?? {};
  expect(npm?.permissions).toEqual({ 'id-token': 'write' });
  const scripts = npm?.steps.flatMap(({ run }) => run ?? []) ?? [];
  expect(scripts).toEqual([expect.stringMatching(/^npm publish .*--ignore-scripts/)]);
});
