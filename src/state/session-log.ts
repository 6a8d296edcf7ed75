import type { UploadSession } from '../core/ports.ts';
import type { JobChanges } from './job-changes.ts';
import type { SessionRecord } from './state-document.ts';

/** The uploads of one run, by path in the image: which is the newest word of each, and which a later run would find. */
export class SessionLog {
  readonly #newest: Map<string, SessionRecord>;
  readonly #onDisk: Set<string>;

  /** @param onDisk whether they are there in our name */
  constructor(takenUp: ReadonlyMap<string, SessionRecord>, onDisk: boolean) {
    this.#newest = new Map(takenUp);
    this.#onDisk = new Set(onDisk ? takenUp.keys() : []);
  }

  /** The record of a session, and whether it says no more than that the upload got further. */
  note(
    path: string,
    session: Omit<SessionRecord, 'openedAt'>,
    at: string,
  ): { readonly record: SessionRecord; readonly isOnlyFurther: boolean } {
    const before = this.#newest.get(path);
    const isSame = before !== undefined && before.oid === session.oid && isSameUpload(before, session);
    // The digest is what spares a later run the whole of it.
    const isOnlyFurther = isSame && before.digest === session.digest;
    const record = { ...session, openedAt: isSame ? before.openedAt : at };
    this.#newest.set(path, record);
    if (!isSame) this.#onDisk.delete(path);
    return { record, isOnlyFurther };
  }

  end(path: string): void {
    this.#newest.delete(path);
    this.#onDisk.delete(path);
  }

  /** These have reached the disk. Of an upload that has begun anew since, that is of no use. */
  written({ sessions = new Map() }: JobChanges): void {
    for (const [path, session] of sessions) {
      const newest = this.#newest.get(path);
      if (session && newest && isSameUpload(session, newest)) this.#onDisk.add(path);
    }
  }

  /** Whether a later run would find the upload, perhaps at an earlier offset: the registry knows how far it is. */
  isOnDisk(path: string): boolean {
    return this.#onDisk.has(path);
  }
}

/** Registries tell how far an upload is in the query of its location, and which it is in the path. */
function isSameUpload(earlier: UploadSession, later: UploadSession): boolean {
  return pathOf(earlier) === pathOf(later) && earlier.offset <= later.offset;
}

function pathOf({ location }: UploadSession): string {
  return location.split('?', 1).join();
}
