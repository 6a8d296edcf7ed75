import type { ImageTarget } from '../../src/core/ports.ts';
import { createLayoutTarget, type LayoutWorld } from '../../src/layout/layout-target.ts';
import { systemClock } from '../../src/system-clock.ts';
import { systemProcesses } from '../../src/this-process.ts';

/** A layout as a push opens it: nothing in it is known yet. */
export function layoutTarget(folder: string, world: Partial<LayoutWorld> = {}): ImageTarget {
  return createLayoutTarget(folder, {
    clock: systemClock,
    processes: systemProcesses,
    known: new Map(),
    ...world,
  });
}
