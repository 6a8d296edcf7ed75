import type { Journal } from '../core/ports.ts';

/** For a push that neither knows of earlier runs nor leaves anything for later ones. */
export const noJournal: Journal = {
  async open() {
    return {
      keepsSessions: false,
      isSessionKept: () => false,
      recordedLayer: () => undefined,
      recordedSession: () => undefined,
      recordSession: async () => undefined,
      recordLayer: async () => undefined,
      flush: async () => undefined,
      forgetImage: async () => undefined,
      recordImage: async () => undefined,
    };
  },
};
