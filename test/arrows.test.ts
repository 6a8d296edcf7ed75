import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

/** The picture in ARCHITECTURE.md is held by the linter; this holds the linter, with files planted where they must not be. */
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'arrows-'));
  const { vcs: _, $schema: __, ...rules } = JSON.parse(readFileSync('biome.json', 'utf8'));
  writeFileSync(join(folder, 'biome.json'), JSON.stringify(rules));
  cpSync('lint', join(folder, 'lint'), { recursive: true });
});

afterEach(() => rmSync(folder, { recursive: true }));

const ARROWS = ['--only=style/noRestrictedImports', '--only=style/noRestrictedGlobals'];

function lint(path: string, source: string, rules: readonly string[] = ARROWS): string {
  const planted = join(folder, path);
  mkdirSync(dirname(planted), { recursive: true });
  writeFileSync(planted, source);
  const biome = resolve('node_modules/.bin/biome');
  const { stdout, stderr } = spawnSync(biome, ['lint', ...rules, path], { cwd: folder, encoding: 'utf8' });
  return stdout + stderr;
}

test.each([
  ['src/core/x.ts', "import '../http/retry.ts';", 'core depends on nothing outside core'],
  ['src/core/selection/x.ts', "import '../../http/retry.ts';", 'core depends on nothing outside core'],
  ['src/core/x.ts', "import 'node:fs';", 'core is pure'],
  ['src/core/x.ts', 'export const home = process.env.HOME;', 'global variable process'],
  ['src/http/x.ts', "import '../hub/wire.ts';", 'http imports only core'],
  ['src/http/x.ts', "import 'node:https';", 'node-*.ts and nowhere else'],
  ['src/hub/x.ts', "import '../registry/location.ts';", 'hub and registry never meet'],
  ['src/registry/x.ts', "import '../hub/wire.ts';", 'hub and registry never meet'],
  ['src/registry/auth/x.ts', "import '../../hub/wire.ts';", 'hub and registry never meet'],
  ['src/registry/upload/x.ts', "import '../../hub/wire.ts';", 'hub and registry never meet'],
  ['src/registry/upload/x.ts', "import 'node:https';", 'node-*.ts and nowhere else'],
  ['src/layout/x.ts', "import '../http/retry.ts';", 'layout imports only core and files'],
  ['src/state/x.ts', "import '../layout/layout-index.ts';", 'state imports only core and files'],
  ['src/files/x.ts', "import '../state/state-file.ts';", 'files imports only core'],
  ['src/certificates/x.ts', "import '../http/retry.ts';", 'certificates imports only core'],
  ['src/certificates/x.ts', "import 'node:https';", 'node-*.ts and nowhere else'],
  ['src/hub-cache/x.ts', "import '../hub/wire.ts';", 'hub-cache imports only core and files'],
  ['src/push/x.ts', "import '../registry/location.ts';", 'push imports only core'],
  ['src/threads/x.ts', "import '../state/state-file.ts';", 'threads push layers between places'],
  ['src/threads/x.ts', "import '../hub/hub-file.ts';", 'of the adapters they know what is shared'],
  ['src/inspect/x.ts', "import '../registry/location.ts';", 'inspect imports only core'],
  ['src/inspect/x.ts', "import 'node:fs';", 'inspect reaches the world through ports'],
  ['src/cli/x.ts', "import '../inspect/list-tags.ts';", 'cli is a user of the public API'],
  ['src/cli/x.ts', "import '../core/error.ts';", 'cli is a user of the public API'],
  ['src/x.ts', "import './cli/main.ts';", 'cli is a user of index.ts'],
])('in %s the linter refuses %s', (path, source, message) => {
  expect(lint(path, source)).toContain(message);
});

test.each(['record', 'recordAsync'])('v.%s, which drops some names, is refused', (schema) => {
  const source = `import * as v from 'valibot';\nexport const names = v.${schema}(v.string(), v.string());\n`;
  expect(lint('src/state/x.ts', source, [])).toContain('Names are data');
});

test.each([
  ['src/hub/x.ts', "import '../core/error.ts';\nimport '../http/retry.ts';"],
  ['src/registry/auth/x.ts', "import '../wire.ts';\nimport '../../core/error.ts';"],
  ['src/layout/x.ts', "import '../core/error.ts';\nimport '../files/read-regular-file.ts';"],
  ['src/state/x.ts', "import '../core/error.ts';\nimport '../files/read-regular-file.ts';"],
  ['src/hub-cache/x.ts', "import '../core/error.ts';\nimport '../files/read-regular-file.ts';"],
  ['src/files/x.ts', "import '../core/error.ts';"],
  ['src/certificates/x.ts', "import '../core/error.ts';\nimport 'node:tls';"],
  ['src/cli/x.ts', "import '../index.ts';\nexport const home = process.env.HOME;"],
])('in %s the linter allows what the picture shows', (path, source) => {
  const said = lint(path, source);
  expect(said).toContain('Checked 1 file');
  expect(said).not.toContain('noRestricted');
});
