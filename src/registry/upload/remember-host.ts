import { type HostProfile, learn } from './host-profile.ts';
import type { UploadReply, UploadState } from './upload-state.ts';

/** What is known of a registry: shared by all uploads of a push, in whichever thread; each adds what it learns. */
export interface HostMemory {
  readonly profile: HostProfile;
  /** As {@link learn} has it, from plain data. */
  learn(state: UploadState, reply: UploadReply, size: number): Promise<void>;
}

export function rememberHost(seed: HostProfile): HostMemory {
  let profile = seed;
  return {
    get profile() {
      return profile;
    },
    async learn(state, reply, size) {
      profile = learn(profile, state, reply, size);
    },
  };
}
