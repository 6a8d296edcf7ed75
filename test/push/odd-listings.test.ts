import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { PushOptions } from '../../src/index.ts';
import { type FileMap, text } from '../fakes/hub/content.ts';
import { type LocalPush, localPush } from '../support/local-push.ts';
import { failureOf } from '../support/rejection.ts';
import { tempFolder } from '../support/temp-folder.ts';

const MODEL = 'acme/odd';
const WEIGHTS = 'model.safetensors';

function pushOf(paths: readonly string[]): Promise<LocalPush> {
  const files: FileMap = Object.fromEntries([...paths, WEIGHTS].map((path) => [path, text(path)]));
  return localPush({ repos: [{ id: MODEL, files }] });
}

const warningsIn = ({ events }: LocalPush) =>
  events.flatMap((event) =>
    event.type === 'warning' && event.code === 'name-collision' ? [event.message] : [],
  );

describe('names that differ only in case or in Unicode normal form', () => {
  const NAMES = [
    'A.json',
    'a.json',
    'b.json',
    'caf\u00e9.json',
    'cafe\u0301.json',
    'Dir/x.json',
    'dir/y.json',
  ];

  test.each(['plan', 'push'] as const)('are warned about once by a %s', async (work) => {
    const world = await pushOf(NAMES);
    await world[work](MODEL);
    expect(warningsIn(world)).toEqual([
      'names that differ only in case or Unicode form: "models/A.json" and "models/a.json", ' +
        '"models/cafe\u0301.json" and "models/caf\u00e9.json", "models/Dir" and "models/dir"; macOS and Windows keep one of each',
    ]);
  });

  test('are counted when there are many', async () => {
    const names = [1, 2, 3, 4, 5].flatMap((number) => [`A${number}.json`, `a${number}.json`]);
    const world = await pushOf(names);
    await world.plan(MODEL);
    expect(warningsIn(world)).toEqual([expect.stringContaining('"models/a3.json", and 2 more; macOS')]);
  });

  test('are not warned about when only one of them is pushed', async () => {
    const world = await pushOf(NAMES);
    await world.plan(MODEL, { allowPatterns: ['A.json', 'b.json'] });
    expect(warningsIn(world)).toEqual([]);
  });
});

describe('a name that a terminal would not show as it is', () => {
  const ODD = 'gpj.\u202enosj.json';

  test.each(['plan', 'push'] as const)('ends a %s before the first byte', async (work) => {
    const { hub, registry, ...world } = await pushOf(['config.json', ODD]);
    expect(await failureOf(world[work](MODEL))).toMatchObject({
      code: 'REJECTED',
      message: expect.stringContaining('the path contains the control character U+202E'),
      hint: 'Rename the file in the model, or leave it out.',
    });
    expect(hub.requests({ file: ODD })).toEqual([]);
    expect(registry.log).toEqual([]);
  });

  test('ends no push that leaves it out', async () => {
    const world = await pushOf(['config.json', 'a\nb.json']);
    await world.push(MODEL, { ignorePatterns: ['a*'] });
    expect(world.layers(MODEL)).toHaveLength(2);
  });
});

describe('a model of more files than a manifest can name', () => {
  test.each(['a registry', 'a layout'])(
    'ends a plan and a push to %s before the first byte',
    async (place) => {
      const world = await pushOf(['config.json']);
      const entry = (path: string) => ({ type: 'file', path, size: 1, oid: 'a'.repeat(40) });
      const data = Array.from({ length: 20_000 }, (_, index) => entry(`data/${index}.json`));
      const entries = [...data, entry(WEIGHTS)];
      world.hub.addFault({ on: 'tree', kind: 'edit-json', edit: () => entries, times: Infinity });
      const folder = join(await tempFolder(), 'layout');
      const options: Partial<PushOptions> =
        place === 'a layout' ? { target: { kind: 'layout', folder } } : {};
      for (const work of ['plan', 'push'] as const) {
        expect(await failureOf(world[work](MODEL, options))).toMatchObject({
          code: 'REJECTED',
          message: expect.stringMatching(/^cannot push the model: its manifest would exceed 4 MiB/),
        });
      }
      expect(world.hub.requests({ on: 'resolve', method: 'GET' })).toEqual([]);
      expect(world.registry.log).toEqual([]);
    },
  );
});
