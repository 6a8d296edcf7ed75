import type { ByteSource } from './bytes.ts';
import type { Descriptor } from './descriptor.ts';
import type { Digest } from './digest.ts';
import type { Document } from './image.ts';
import type { Job } from './job.ts';
import type { PlannedLayer } from './layer-plan.ts';
import type { Commit, ModelId, ResolvedModel, Sibling } from './model.ts';
import type { ManifestName } from './reference.ts';
import type { SizeLimit } from './size-limit.ts';
import type { SourceOrigin } from './verified.ts';

/** Where models come from. Implemented by `hub/` and `hub-cache/`. */
export interface ModelSource {
  /** The largest file that it is known to give. */
  readonly largestFile?: SizeLimit | undefined;
  /** Default: the Hub. */
  readonly origin?: SourceOrigin | undefined;
  /** Turns a revision, which can move, into a commit, which cannot, and lists what is there. */
  resolve(id: ModelId, revision: string, signal: AbortSignal): Promise<ResolvedModel>;
  /**
   * Checks that the source has all these files, before the push begins. A source that cannot tell at once omits it.
   * @throws ModelcarError that names the files it does not have
   */
  requireFiles?(
    model: Pick<ResolvedModel, 'id' | 'commit'>,
    siblings: readonly Sibling[],
    signal: AbortSignal,
  ): Promise<void>;
  /** The content of one file at the pinned commit, as the Hub sends it: not verified yet. */
  file(model: Pick<ResolvedModel, 'id' | 'commit'>, sibling: Sibling, observe?: FileObserver): ByteSource;
  /**
   * The first `count` bytes of a file, or all of a shorter one, without transferring the rest. They cannot be verified.
   * Held to `test/laws/first-bytes-laws.ts`.
   */
  firstBytes(
    model: Pick<ResolvedModel, 'id' | 'commit'>,
    sibling: Sibling,
    count: number,
    signal: AbortSignal,
    observe?: FileObserver,
  ): Promise<Uint8Array>;
  /** The branches of a model. A source that has no such list omits it. */
  branches?(id: ModelId, signal: AbortSignal): Promise<readonly Branch[]>;
}

export interface Branch {
  /** For messages: a server chose it. */
  readonly name: string;
  readonly commit: Commit;
}

/** What reading a file took, beyond its bytes. */
export interface FileObserver {
  readonly onRetry?: OnRetry;
  /** Called with a number of bytes that came for nothing: they had come before, or nobody had asked for them. */
  readonly onReread?: (bytes: number) => void;
}

/**
 * Where images go: one repository of a registry, or an OCI image layout. Held to `test/laws/image-target-laws.ts`. The
 * reading methods let a push look at a tag before it moves it.
 */
export interface ImageTarget extends Pick<ImageReader, 'resolveTag' | 'readManifest' | 'readBlob'> {
  /** The largest blob that it is known to take: found out before anything is sent, not after hours. */
  readonly largestBlob?: SizeLimit | undefined;
  /** Finds out whether the target is there and takes our credentials, before anything is read for it. */
  prepare(signal: AbortSignal): Promise<void>;
  /**
   * Checks that a push may begin: the target exists, accepts our credentials and lets them push. Stores nothing.
   * @throws ModelcarError with the reason why not
   */
  checkAccess(signal: AbortSignal): Promise<void>;
  /** Stores content under its digest. Nothing is stored unless every byte of `content` was read without an error. */
  pushBlob(push: BlobPush): Promise<PushedBlob>;
  /** Whether a blob that an earlier run pushed is still there, with this size. */
  hasBlob(descriptor: Descriptor, signal: AbortSignal): Promise<boolean>;
  /** Throws `CONTENT_MISMATCH` unless the target holds the blob with this digest and size. */
  checkBlob(descriptor: Descriptor, signal: AbortSignal): Promise<void>;
  /** Stores the manifest under its digest. */
  pushManifest(manifest: Document, signal: AbortSignal): Promise<void>;
  /**
   * Points a tag at a manifest that the target already has, and checks that it does. If the target refuses an immutable
   * tag that already points at this manifest, that is a success.
   */
  tagManifest(manifest: Document, tag: string, signal: AbortSignal): Promise<void>;
  /** How people and tools write the image: by tag, or by digest. */
  formatReference(name: ManifestName): string;
}

export interface BlobPush {
  readonly content: ByteSource;
  /** What messages call it, such as the path of its file. Default: `a blob`. */
  readonly name?: string;
  /** Given where it is known beforehand: then a blob that is already there is not sent again. */
  readonly digest?: Digest;
  /** Aborted, the upload ends in good order where it can, so that a later run goes on in its session. */
  readonly signal: AbortSignal;
  /** The session that an earlier run left open: it is asked how much it holds, and only the rest is sent. */
  readonly session?: UploadSession | undefined;
  /** Called whenever the session is one that a later run could go on with, and with nothing when it no longer is. */
  readonly onSession?: (session: UploadSession | undefined) => void;
  /** Whether what `onSession` was told is still remembered: a session that nobody will know of is cancelled. */
  readonly isSessionKept?: () => boolean;
  /** Called when the upload goes on in the session of an earlier run, at this byte; 0 when nothing is left of it. */
  readonly onResume?: (offset: number) => void;
  /** Called often while bytes before `end` are read for their hash alone, with where that is. */
  readonly onCatchUp?: (read: number, end: number) => void;
  /** Called often, with the number of bytes that the target has taken or been sent; it falls when it must go back. */
  readonly onProgress?: (sent: number) => void;
  readonly onRetry?: OnRetry;
}

/** An upload that is open at the target. With some registries whoever has the location may write there. */
export interface UploadSession {
  /** A secret: it is written to the journal, and shown nowhere. */
  readonly location: string;
  /** Bytes that the target had confirmed. It may have more. */
  readonly offset: number;
  /** Of the blob, once everything was sent: the commit may have come through although nobody heard of it. */
  readonly digest?: Digest | undefined;
  /** The length of its requests, where it is not one for all. */
  readonly chunkSize?: number | undefined;
}

/** The wait before something that failed in passing is tried again. */
export interface Pause {
  /** 1 for the first retry since it last got further than ever before. */
  readonly retry: number;
  /** The number of retries before the push gives up, if there is one. */
  readonly retries?: number;
  readonly delayMs: number;
  readonly reason: string;
}

/** A transfer goes on after a failure. */
export interface Retry extends Pause {
  /** The byte, of the file or of the layer, at which it goes on. */
  readonly offset: number;
}

export type OnRetry = (retry: Retry) => void;

export interface PushedBlob {
  readonly digest: Digest;
  readonly size: number;
  readonly outcome: BlobOutcome;
}

export type BlobOutcome = 'existed' | 'uploaded';

/**
 * Reads where an {@link ImageTarget} writes, and changes nothing there. What it gives is what the place says; whether
 * that is right is for the caller to find out. Held to `test/laws/image-reader-laws.ts`.
 */
export interface ImageReader {
  /**
   * All tags, in no order.
   * @throws ModelcarError `NOT_FOUND` when there is no such repository or layout
   */
  listTags(signal: AbortSignal): Promise<readonly string[]>;
  /** What the tag points at; undefined where that is nothing, or nothing that we could read. */
  resolveTag(tag: string, signal: AbortSignal): Promise<Digest | undefined>;
  /**
   * At most `limit` bytes of a manifest or index; undefined where there is none.
   * @throws ModelcarError `CONTENT_MISMATCH` when a layout names a manifest for the tag that it does not hold
   */
  readManifest(name: ManifestName, limit: number, signal: AbortSignal): Promise<StoredManifest | undefined>;
  /** At most `limit` bytes of a blob; undefined where there is none. */
  readBlob(digest: Digest, limit: number, signal: AbortSignal): Promise<Uint8Array | undefined>;
  /** Looks at a blob as closely as can be done without moving it; undefined where there is none. */
  findBlob(descriptor: Descriptor, signal: AbortSignal): Promise<FoundBlob | undefined>;
  formatReference(name?: ManifestName): string;
  /** Removes the secrets of our requests from text that this reader returned, before a message shows it. */
  redact(text: string): string;
}

export interface StoredManifest {
  readonly bytes: Uint8Array;
  /** What the place calls it, where it does. */
  readonly mediaType: string | undefined;
  readonly digest: Digest | undefined;
}

/** Undefined: the place does not say. */
export interface FoundBlob {
  readonly size: number | undefined;
  readonly digest: Digest | undefined;
}

/**
 * What earlier runs have pushed. It is never the truth, only where to look first: a recorded layer is asked for at the
 * target before it is trusted. Implemented by `state/`.
 */
export interface Journal {
  /**
   * Takes up a job where an earlier run left it, or begins it.
   * @throws ModelcarError `USAGE` when there is a record that is not ours: it is never overwritten
   */
  open(job: Job): Promise<JobJournal>;
}

/** One job's records. Writing them never fails a push: what could not be written is pushed once more some day. */
export interface JobJournal {
  /** Whether what `recordSession` is given outlives the process: otherwise nothing should be left open for it. */
  readonly keepsSessions: boolean;
  /** Whether a later run would find this layer's session, were it left open now: the disk may be full by this time. */
  isSessionKept(layer: PlannedLayer): boolean;
  /** The blob that this file became at this path; undefined unless its content is still the same. */
  recordedLayer(layer: PlannedLayer): RecordedBlob | undefined;
  /** The upload of this file at this path that is still open, for all we know. */
  recordedSession(layer: PlannedLayer): UploadSession | undefined;
  recordSession(layer: PlannedLayer, session: UploadSession | undefined): Promise<void>;
  /**
   * Ends its session too. Resolves when it is written down, or could not be; of a small layer that is a moment later,
   * with what came meanwhile: to wait for it would cost more than to push it once more.
   */
  recordLayer(layer: PlannedLayer, blob: RecordedBlob): Promise<void>;
  /** Writes down now what was to wait. */
  flush(): Promise<void>;
  /** Everything is to be pushed once more: the job has no image until {@link recordImage}. */
  forgetImage(): Promise<void>;
  recordImage(manifestDigest: Digest, tags: readonly string[]): Promise<void>;
}

export type RecordedBlob = Pick<Descriptor, 'digest' | 'size'>;

/** Time, as an argument: what waits and what throttles can be tested without waiting. */
export interface Clock {
  /** Milliseconds, monotonic. */
  now(): number;
  /** Milliseconds since the epoch, for headers that carry a date. */
  date(): number;
  /** Rejects with `signal.reason` when it is aborted first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Evenly spread over 0 ≤ x < 1, for jitter. */
  random(): number;
}
