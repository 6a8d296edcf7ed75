import { readWhole } from '../core/bytes.ts';
import type { ModelSource } from '../core/ports.ts';
import type { SizeLimit } from '../core/size-limit.ts';
import { createHubClient, type HubOptions } from './hub-client.ts';
import { hubFile } from './hub-file.ts';
import { listBranches } from './list-branches.ts';
import { resolveModel } from './resolve-model.ts';

/**
 * Files of 411 GB and more get a 400 from the Hub's CDN, which wants Xet for them
 * (https://github.com/huggingface/huggingface_hub/issues/4330).
 */
const LARGEST_FILE: SizeLimit = { size: 410 * 10 ** 9, whose: 'the Hub', firm: true };

/** A Hugging Face Hub, or a mirror that speaks like one. */
export function createHubSource(options: HubOptions): ModelSource {
  const hub = createHubClient(options);
  return {
    largestFile: new URL(hub.endpoint.url).hostname === 'huggingface.co' ? LARGEST_FILE : undefined,
    resolve: (id, revision, signal) => resolveModel(id, revision, hub, signal),
    file: ({ id, commit }, sibling, observe) => hubFile({ id, commit, sibling }, hub, observe),
    async firstBytes({ id, commit }, sibling, count, signal, observe) {
      const end = Math.min(count, sibling.size);
      return readWhole(hubFile({ id, commit, sibling, end }, hub, observe), signal);
    },
    branches: (id, signal) => listBranches(id, hub, signal),
  };
}
