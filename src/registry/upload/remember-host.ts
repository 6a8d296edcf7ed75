import { type HostProfile, learn } from './host-profile.ts';
import type { UploadReply, UploadState } from './upload-state.ts';

/** What is known of a registry: shared by all uploads of a push, in whichever thread; each adds what it learns. */
export interface HostMemory {
  readonly profile: HostProfile;
  /** As {@link learn} has it, from plain data. */
  learn(state: UploadState, reply: UploadReply, size: number): Promise<void>;
  /** Whether a blob may go in one POST: where nobody knows whether the registry takes that, one upload finds out. */
  mayPost(): boolean;
}

export function rememberHost(seed: HostProfile): HostMemory {
  let profile = seed;
  let tried = false;
  return {
    get profile() {
      return profile;
    },
    async learn(state, reply, size) {
      profile = learn(profile, state, reply, size);
    },
    mayPost() {
      if (profile.posts !== 'unknown') return profile.posts === 'taken';
      const isFirst = !tried;
      tried = true;
      return isFirst;
    },
  };
}
