import type { Refusal } from '../registry-error.ts';

/**
 * One blob upload as data: a state names the one request to send next, a reply is what came back.
 * `blob-upload.ts` says where a reply leads, `push-blob.ts` sends the requests, `read-reply.ts` reads the answers.
 *
 *   checking ─▶ opening ─▶ sending ─▶ committing ─▶ done
 *                  ▲          │ ▲          │
 *                  │          ▼ │          ▼
 *                  └──────── asking ◀─ confirming
 *
 * A blob that is held in memory may begin with `posting`, which leads to `done`, or to where an upload begins as a rule.
 */

/**
 * How a blob is parted into requests. `stream`: one PATCH of no stated length, as docker, podman and skopeo send it.
 * A number: PATCHes of so many bytes, with length and range. `whole`: all of it in the PUT that names the digest, which
 * must be known first, so the source is read twice where it is not held in memory.
 */
export type Framing = 'stream' | 'whole' | number;

export type UploadState =
  /** HEAD: the digest is known, the blob may be there. */
  | { readonly phase: 'checking' }
  /** POST with the digest and all of the blob: with some registries it is all that it takes. */
  | { readonly phase: 'posting' }
  /** POST: open a session. */
  | { readonly phase: 'opening' }
  /**
   * PATCH: send from `offset`, which the registry has confirmed. `failures`: how often in a row the registry has failed
   * at this offset.
   */
  | {
      readonly phase: 'sending';
      readonly location: string;
      readonly offset: number;
      readonly framing: Framing;
      readonly failures?: number;
    }
  /** GET: ask the session how much it has. */
  | Asking
  /**
   * PUT: everything before `offset` was sent. What is left goes with it, for registries that want the last chunk, or the
   * whole, in the request that names the digest; else that is nothing.
   */
  | {
      readonly phase: 'committing';
      readonly location: string;
      readonly framing: Framing;
      readonly offset: number;
    }
  /**
   * HEAD: the answer to the PUT was lost or unclear; the truth is whether the blob exists. `polls`: how often it was
   * asked already, where it may take its time to show. `posted`: it was the answer to a POST, and there is no session.
   * `disputed`: the registry answered the PUT of the whole blob with 416.
   */
  | {
      readonly phase: 'confirming';
      readonly location: string | undefined;
      readonly framing: Framing;
      readonly polls?: number;
      readonly posted?: true;
      readonly disputed?: true;
    }
  | { readonly phase: 'done'; readonly outcome: 'existed' | 'uploaded' }
  | { readonly phase: 'failed'; readonly failure: UploadFailure };

export interface Asking {
  readonly phase: 'asking';
  readonly location: string;
  /** What it last confirmed. */
  readonly offset: number;
  readonly framing: Framing;
  /** The end of a body that it answered with success while its `Range` said otherwise. */
  readonly taken?: number;
  /** It refused the range of a body at `offset`. */
  readonly disputed?: true;
  /** The 404 to a PATCH names no session: a proxy may not know PATCH. */
  readonly unrouted?: true;
  /** Its commit was asked for, and the answer was lost or unclear. */
  readonly committed?: true;
  /** The session is of an earlier run. */
  readonly recorded?: true;
  /** The end of what a connection that broke had been given: some of it may still be on its way to storage. */
  readonly sent?: number;
  /** What it said when it was asked before, and how often it was asked. */
  readonly seen?: number;
  readonly looks?: number;
  readonly failures?: number;
}

/** Why an upload failed; the driver adds the blob and the target. */
export type UploadFailure = Refusal;

export type UploadReply =
  | { readonly type: 'exists' }
  | { readonly type: 'absent' }
  | {
      readonly type: 'opened';
      readonly location: string;
      readonly minChunk?: number;
      readonly maxChunk?: number;
    }
  /** Success for a body that ended at `end`; the registry says that it has everything before `claimed`. */
  | { readonly type: 'accepted'; readonly location: string; readonly end: number; readonly claimed: number }
  /** The session lives, and says that it has everything before `end`. */
  | { readonly type: 'status'; readonly location: string; readonly end: number }
  | { readonly type: 'committed' }
  /** The session and its bytes are lost. `unrouted`: the answer to a PATCH, and it names no session. */
  | { readonly type: 'session-lost'; readonly reason: string; readonly unrouted?: true }
  /** 416: the registry did not take the range; it may say what it has, or how much it takes at once. */
  | {
      readonly type: 'out-of-order';
      readonly location: string;
      readonly end: number | undefined;
      readonly limit?: number;
    }
  /**
   * 413: the body was too large, for the registry or for a proxy in front of it. `bodySize` is the length that was
   * declared, or what was sent of a stream.
   */
  | { readonly type: 'too-large'; readonly bodySize: number; readonly reason: string }
  /** The registry does not take requests of this kind. The session is intact. */
  | { readonly type: 'unfit'; readonly want: 'length' | 'range' | 'put'; readonly reason: string }
  /** 307, 308: the same request, to another place. */
  | { readonly type: 'moved'; readonly location: string }
  /** 401, and the next request carries another token. The session is intact. `failure`: the error after a second 401. */
  | { readonly type: 'unauthorized'; readonly reason: string; readonly failure: UploadFailure }
  /** 408, 429, 5xx. */
  | {
      readonly type: 'busy';
      readonly reason: string;
      readonly status: number;
      readonly retryAfterMs: number | undefined;
    }
  /**
   * No answer: the connection broke, or a time limit passed. Of a body: the offset behind what was handed over; and where
   * the other side broke it, after how long, and after how long the one before of this upload.
   */
  | {
      readonly type: 'interrupted';
      readonly reason: string;
      /** The other side broke it, or something on the way: not a time limit of ours. */
      readonly byPeer?: true;
      readonly sent?: number;
      readonly elapsedMs?: number;
      readonly previousMs?: number;
    }
  /** A retry cannot help. `final`: neither can another way of uploading, as with a quota. */
  | { readonly type: 'refused'; readonly failure: UploadFailure; readonly final?: true };
