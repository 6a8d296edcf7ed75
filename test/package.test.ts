import { mkdir, readdir, readFile, symlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { runCommand } from './real/run-command.ts';
import { tempFolder } from './support/temp-folder.ts';

const PROJECT = fileURLToPath(new URL('..', import.meta.url));

describe('the package', () => {
  test('holds the compiled source, its types, what is answered without the parser, four files for people and the pages of docs, and nothing else', async () => {
    const { paths } = await pack(await tempFolder());
    const sources = (await filesBelow(join(PROJECT, 'src'))).filter(
      (path) => path.endsWith('.ts') && !path.endsWith('.test.ts'),
    );
    const compiled = sources.flatMap((path) => {
      const name = `dist/${path.replace(/\.ts$/, '')}`;
      return [`${name}.js`, `${name}.d.ts`];
    });
    const answers = (await readdir(join(PROJECT, 'src/cli/commands'))).map(
      (name) => `help-${name.replace(/\.ts$/, '')}`,
    );
    const pages = (await readdir(join(PROJECT, 'docs'))).filter((name) => name.endsWith('.md'));
    const expected = [
      ...['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json'],
      ...pages.map((name) => `docs/${name}`),
      ...['help', 'version', ...answers].map((name) => `dist/cli/quick/${name}.txt`),
      ...compiled,
    ];
    expect(paths.toSorted()).toEqual(expected.toSorted());
  });
});

test('the container image is built from the package and the lock file, and nothing else of the clone', async () => {
  const containerfile = await readFile(join(PROJECT, 'Containerfile'), 'utf8');
  const copied = containerfile.match(/^COPY (?!--from)(.+) \S+$/m)?.[1]?.split(' ');
  expect(copied).toEqual(['package-lock.json', 'oci-modelcar-*.tgz']);
  const ignored = (await readFile(join(PROJECT, '.dockerignore'), 'utf8')).trim().split('\n');
  expect(ignored.filter((line) => !line.startsWith('#'))).toEqual([
    '*',
    ...(copied ?? []).map((path) => `!${path}`),
  ]);
});

test('the oldest supported Node.js is tested, and the README names every version that is', async () => {
  const { engines } = JSON.parse(await readFile(join(PROJECT, 'package.json'), 'utf8'));
  const { packages } = JSON.parse(await readFile(join(PROJECT, 'test/nodes/package-lock.json'), 'utf8'));
  const nodes = Object.entries<{ version: string; integrity?: string }>(packages).filter(
    ([path]) => path !== '',
  );
  const versions = nodes.map(([, { version }]) => version);
  expect(`>=${versions[0]}`).toBe(engines.node);
  for (const [path, { integrity }] of nodes) expect(integrity, path).toMatch(/^sha512-/);
  const readme = await readFile(join(PROJECT, 'README.md'), 'utf8');
  expect(readme).toContain(
    `Tests run on Node.js ${versions.slice(0, -1).join(', ')} and ${versions.at(-1)}:`,
  );
});

describe('the package, installed into an empty folder', () => {
  test('is run by npx', async () => {
    const folder = await install();
    const { stdout } = await runCommand('npx', ['--offline', 'oci-modelcar', '--version'], {
      cwd: folder,
    });
    expect(stdout).toBe(`${(await manifestIn(PROJECT)).version}\n`);
  });

  test('is imported by its name', async () => {
    const script = `console.log(typeof (await import('oci-modelcar')).pushModel)`;
    const options = { cwd: await install() };
    const { stdout } = await runCommand(process.execPath, ['--input-type=module', '-e', script], options);
    expect(stdout).toBe('function\n');
  });
});

/** What npm would do, without npm's registry: the dependencies come from this clone. */
async function install(): Promise<string> {
  const folder = await tempFolder();
  const { tarball } = await pack(folder);
  const modules = join(folder, 'node_modules');
  const place = join(modules, 'oci-modelcar');
  await mkdir(place, { recursive: true });
  await runCommand('tar', ['--extract', '--gzip', '--strip-components=1', `--file=${tarball}`], {
    cwd: place,
  });
  const { bin, dependencies } = await manifestIn(place);
  await mkdir(join(modules, '.bin'));
  for (const [name, file] of Object.entries(bin))
    await symlink(join(place, file), join(modules, '.bin', name));
  for (const name of Object.keys(dependencies)) {
    await mkdir(dirname(join(modules, name)), { recursive: true });
    await symlink(join(PROJECT, 'node_modules', name), join(modules, name));
  }
  return folder;
}

/** Without scripts: `prepack` would build again below the feet of the tests that run beside this one. */
async function pack(folder: string): Promise<{ tarball: string; paths: string[] }> {
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
  const { stdout } = await runCommand('npm', args, { cwd: PROJECT });
  const [{ filename, files }] = JSON.parse(stdout);
  return { tarball: join(folder, filename), paths: files.map(({ path }: { path: string }) => path) };
}

interface Manifest {
  readonly version: string;
  readonly bin: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

async function manifestIn(folder: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)));
}
