import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { PushEvent } from '../../src/core/event.ts';
import { failing, someBytes, watched } from '../support/byte-sources.ts';
import { deferred } from '../support/deferred.ts';
import { layoutTarget } from '../support/layout-target.ts';
import { layerOf, REPOSITORY, type ScenarioOptions, scenario } from '../support/push-scenario.ts';
import { tempFolder } from '../support/temp-folder.ts';

const FILES = {
  'config.json': Buffer.from('{}'),
  'model-00001-of-00003.safetensors': someBytes(500_000, 1),
  'model-00002-of-00003.safetensors': someBytes(400_001, 2),
  'model-00003-of-00003.safetensors': someBytes(1, 3),
  'nested/tokenizer.json': someBytes(70_000, 4),
  'empty.txt': Buffer.alloc(0),
};

async function digestOf(options: ScenarioOptions): Promise<string> {
  const { push } = await scenario({ files: FILES, ...options });
  return (await push()).manifestDigest;
}

describe('the same model', () => {
  test('is the same image: twice, with more workers, in chunks, at another registry, after faults, on disk', async () => {
    const folder = join(await tempFolder(), 'layout');
    const { push } = await scenario({ files: FILES });
    const faults = [1, 2, 3].map((nth) => ({ on: 'PATCH' as const, nth, cutAfter: 60_000 }));
    const digests = [
      await digestOf({}),
      await digestOf({}),
      await digestOf({ workers: 4 }),
      await digestOf({ framing: 100_000 }),
      await digestOf({ personality: 'olareg', workers: 4, faults }),
      await digestOf({ personality: 'dist28', faults }),
      (await push({ target: layoutTarget(folder) })).manifestDigest,
    ];
    expect(new Set(digests).size).toBe(1);
    const index = JSON.parse(await readFile(join(folder, 'index.json'), 'utf8'));
    expect(index.manifests[0].digest).toBe(digests[0]);
  });

  test('pushed again is the same tag at the same digest', async () => {
    const told = await scenario({ files: FILES });
    const first = await told.push();
    expect(await told.push()).toEqual(first);
    expect(told.tags).toEqual({ v1: first.manifestDigest });
  });

  test('has its layers in the order of their paths, and they hold the files', async () => {
    const told = await scenario({ files: FILES, workers: 4 });
    const { manifestDigest } = await told.push();
    const manifest = JSON.parse(String(told.registry.manifests(REPOSITORY).get(manifestDigest)?.bytes));
    const expected = await Promise.all(
      Object.entries(FILES)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(async ([path, bytes]) => (await layerOf(path, bytes)).digest),
    );
    expect(manifest.layers.map(({ digest }: { digest: string }) => digest)).toEqual(expected);
    for (const [path, bytes] of Object.entries(FILES)) {
      const layer = await layerOf(path, bytes);
      expect(told.registry.readBlob(REPOSITORY, layer.digest)?.equals(layer.bytes)).toBe(true);
    }
  });
});

describe('the first failure', () => {
  test('stops the other layers, is what is thrown, and leaves nothing running', async () => {
    const told = await scenario({ files: FILES, workers: 3 });
    const broken = new Error('disk on fire');
    const begun = deferred();
    const path = 'model-00001-of-00003.safetensors';
    const waits = watched(FILES[path], 1_000);
    told.model.replace(path, {
      size: waits.size,
      async *open(options) {
        begun.resolve();
        yield* waits.open(options);
        await new Promise((_, reject) => {
          const stop = () => reject(options?.signal?.reason);
          if (options?.signal?.aborted) stop();
          else options?.signal?.addEventListener('abort', stop);
        });
      },
    });
    const other = 'nested/tokenizer.json';
    told.model.replace(other, {
      size: FILES[other].length,
      async *open() {
        await begun.promise;
        yield* failing(watched(Buffer.from('{}')), 0, broken).open();
      },
    });
    await expect(told.push()).rejects.toBe(broken);
    expect([told.model.readers(), waits.readers, told.tags]).toEqual([0, 0, {}]);
    const requests = told.registry.log.length;
    const cancelled = new Set(told.requests('upload-delete').map(({ reference }) => reference));
    // A session that was being opened when the abort came is nobody's yet: it stays empty until the registry sweeps it up.
    const left = told.registry.sessions.filter(({ id, content }) => content.size > 0 && !cancelled.has(id));
    expect(left).toEqual([]);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(told.registry.log.length).toBe(requests);
  });

  test('is the abort, with its reason, when the caller aborts', async () => {
    const told = await scenario({ files: FILES, workers: 2 });
    const abort = new AbortController();
    const reason = new Error('enough');
    const onEvent = ({ type }: PushEvent) => type === 'layer-done' && abort.abort(reason);
    await expect(told.push({ signal: abort.signal, onEvent })).rejects.toBe(reason);
    expect([told.model.readers(), told.tags]).toEqual([0, {}]);
  });
});
