import type { Job } from '../../src/core/job.ts';
import type { PlannedLayer } from '../../src/core/layer-plan.ts';
import type { RecordedBlob } from '../../src/core/ports.ts';

/** A job as a journal is given it. */
export const JOB: Job = {
  endpoint: 'https://hub.test',
  model: 'acme/llama',
  commit: '0'.repeat(40),
  target: 'r.test/acme/llama',
  prefix: 'models/',
  tarLayout: 'standard',
  patterns: { allow: [], ignore: [] },
};

export const BLOB: RecordedBlob = { digest: `sha256:${'a'.repeat(64)}`, size: 2560 };

export function layer(path: string, hex: string = '1'.repeat(64)): PlannedLayer {
  return {
    path: `models/${path}`,
    size: 2560,
    sibling: { path, size: 7, oid: { algorithm: 'sha256', hex } },
  };
}
