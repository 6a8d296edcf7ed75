import { describe, expect, test } from 'vitest';
import type { PushEvent } from '../core/event.ts';
import type { PlannedLayer } from '../core/layer-plan.ts';
import type { SizeLimit } from '../core/size-limit.ts';
import { checkSizes } from './check-sizes.ts';

const layer = (path: string, size: number): PlannedLayer => ({
  path: `models/${path}`,
  size: size + 1_536,
  sibling: { path, size, oid: { algorithm: 'sha256', hex: '0'.repeat(64) } },
});
const LAYERS = [layer('a', 10), layer('big', 6e9), layer('z', 20)];
const limit = (size: number, firm = true): SizeLimit => ({ size, whose: 'Acme', firm });

/** What people hear of it; throws what ends the push. */
function warnings(
  world: { largestFile?: SizeLimit; largestBlob?: SizeLimit },
  layers: readonly PlannedLayer[] = LAYERS,
): readonly string[] {
  const events: PushEvent[] = [];
  const { largestFile, largestBlob } = world;
  checkSizes(layers, {
    source: { largestFile } as never,
    target: { largestBlob } as never,
    onEvent: (event) => events.push(event),
  });
  return events.map((event) => (event.type === 'warning' ? event.message : event.type));
}

describe('a layer', () => {
  test('within all limits is not spoken of', () => {
    expect(warnings({})).toEqual([]);
    expect(warnings({ largestFile: limit(6e9), largestBlob: limit(7e9) })).toEqual([]);
  });

  test('that the registry will not take ends the push before it begins, and names the limit', () => {
    expect(() => warnings({ largestBlob: limit(6e9) })).toThrow(
      expect.objectContaining({
        code: 'REJECTED',
        message:
          'cannot push the model: models/big has 6.00 GB, and Acme takes no layer of more than 6.00 GB',
        hint: expect.stringContaining('--ignore-patterns'),
      }),
    );
  });

  test('that it may not take, by a plan that we do not know, is warned of', () => {
    expect(warnings({ largestBlob: limit(5e9, false) })).toEqual([
      'models/big has 6.00 GB, and Acme takes no layer of more than 5.00 GB',
    ]);
  });

  test('of a file that the Hub will not give ends the push too', () => {
    expect(() => warnings({ largestFile: limit(5e9) })).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED', message: expect.stringContaining('gives no file') }),
    );
  });
});

describe('the manifest of a model with very many files', () => {
  const files = (count: number) => Array.from({ length: count }, (_, index) => layer(`${index}.json`, 1));

  test('ends the push before it begins if registries would refuse it', () => {
    expect(() => warnings({}, files(20_000))).toThrow(
      expect.objectContaining({
        code: 'REJECTED',
        message: expect.stringMatching(/would exceed 4 MiB.*only 1\d{4} of 20000 files fit$/),
        hint: expect.stringContaining('fewer files'),
      }),
    );
  });

  test('causes no message if it fits', () => {
    expect(warnings({}, files(10_000))).toEqual([]);
  });
});
