import { buildImage, type Document } from '../../src/core/image.ts';
import type { ImageTarget } from '../../src/core/ports.ts';
import { createLayoutTarget, type LayoutWorld } from '../../src/layout/layout-target.ts';
import { systemClock } from '../../src/system-clock.ts';
import { systemProcesses, thisUser } from '../../src/this-process.ts';

/** A layout as a push opens it: no blob is known yet. */
export function layoutTarget(folder: string, world: Partial<LayoutWorld> = {}): ImageTarget {
  return createLayoutTarget(folder, {
    clock: systemClock,
    processes: systemProcesses,
    known: new Map(),
    user: thisUser,
    ...world,
  });
}

/** The manifest of an image without layers. */
export const EMPTY_MANIFEST: Document = buildImage([]).manifest;

/** A push of nothing but that manifest. */
export async function publish(target: ImageTarget, ...tags: string[]): Promise<void> {
  const { signal } = new AbortController();
  await target.prepare(signal);
  await target.pushManifest(EMPTY_MANIFEST, signal);
  for (const tag of tags) await target.tagManifest(EMPTY_MANIFEST, tag, signal);
}
