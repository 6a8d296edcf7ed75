import type { Journal, UploadSession } from '../../src/core/ports.ts';

export interface MemoryJournal extends Journal {
  /** The upload that was left open; undefined where none was. */
  session: UploadSession | undefined;
}

/** A journal of one layer in memory, as it outlives a process. */
export function memoryJournal(): MemoryJournal {
  let session: UploadSession | undefined;
  return {
    get session() {
      return session;
    },
    set session(value) {
      session = value;
    },
    open: async () => ({
      keepsSessions: true,
      isSessionKept: () => true,
      recordedLayer: () => undefined,
      recordedSession: () => session,
      recordSession: async (_: unknown, open: UploadSession | undefined) => {
        session = open;
      },
      recordLayer: async () => {
        session = undefined;
      },
      flush: async () => undefined,
      recordImage: async () => undefined,
      forgetImage: async () => undefined,
    }),
  };
}
