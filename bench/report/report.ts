import type { Results } from '../results.ts';
import { memoryPicture } from './memory-picture.ts';
import { performancePicture } from './performance-picture.ts';
import { table } from './table.ts';

/** All that is written, by the names of the files. A picture with nothing to show is none. */
export function report(results: Results): Readonly<Record<string, string | undefined>> {
  return {
    'results.json': `${JSON.stringify(results, null, 2)}\n`,
    'results.md': table(results),
    'performance.svg': performancePicture(results),
    'memory.svg': memoryPicture(results),
  };
}
