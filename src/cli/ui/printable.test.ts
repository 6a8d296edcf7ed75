import { expect, test } from 'vitest';
import { planLayers } from '../../core/layer-plan.ts';
import { printable } from './printable.ts';

test('a name is refused exactly where it would not be shown as it is', () => {
  const oid = { algorithm: 'sha256', hex: 'a'.repeat(64) } as const;
  const isPlanned = (path: string): boolean => {
    try {
      return planLayers([{ path, size: 1, oid }], { prefix: '', tarLayout: 'standard' }).length === 1;
    } catch {
      return false;
    }
  };
  const differing = Array.from({ length: 0x10000 }, (_, code) => `a${String.fromCharCode(code)}b`).filter(
    (name) => name.isWellFormed() && !name.includes('\\') && isPlanned(name) !== (printable(name) === name),
  );
  expect(differing).toEqual([]);
});
