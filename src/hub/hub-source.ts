import type { ModelSource } from '../core/ports.ts';
import { createHubClient, type HubOptions } from './hub-client.ts';
import { hubFile } from './hub-file.ts';
import { resolveModel } from './resolve-model.ts';

/** A Hugging Face Hub, or a mirror that speaks like one. */
export function createHubSource(options: HubOptions): ModelSource {
  const hub = createHubClient(options);
  return {
    resolve: (id, revision, signal) => resolveModel(id, revision, hub, signal),
    file: ({ id, commit }, sibling, observe) => hubFile({ id, commit, sibling }, hub, observe),
  };
}
