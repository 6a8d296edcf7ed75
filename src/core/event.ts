import type { PushCost } from './cost.ts';
import type { Digest } from './digest.ts';
import type { ErrorCode } from './error.ts';
import type { BlobOutcome, Pause, Retry } from './ports.ts';
import type { TagOutlook } from './tag-decision.ts';

/**
 * What happened in a push, in the order it happened. Plain data with absolute values, never differences, so that a
 * lost or repeated event does no harm. The failure of the push is not an event: the promise rejects.
 */
export type PushEvent =
  | {
      readonly type: 'model-resolved';
      readonly model: string;
      readonly revision: string;
      readonly commit: string;
      /** Layers to push, one for each file. */
      readonly files: number;
      /** Bytes of all layers. */
      readonly size: number;
    }
  /** Files of the model that are not pushed: one event for each reason. */
  | {
      readonly type: 'files-left-out';
      /** Stable, such as `hidden`. */
      readonly code: string;
      readonly reason: string;
      readonly files: number;
      readonly size: number;
    }
  /** A tag of the push already exists. Comes before the first byte, also in a dry run. */
  | {
      readonly type: 'tag-found';
      readonly tag: string;
      readonly reference: string;
      /** What it points at. */
      readonly digest: Digest;
      readonly outlook: TagOutlook;
    }
  /** Something that costs comfort, not correctness. */
  | {
      readonly type: 'warning';
      /** Stable, where there is one. */
      readonly code?: string;
      readonly message: string;
    }
  /** A request about the model or the image, not about a layer's bytes, is sent again. */
  | ({ readonly type: 'request-retrying'; readonly side: 'hub' | 'target' } & Pause)
  /** Every request that goes to one place waits: a rate limit is used up, or nearly. Told once, whoever waits. */
  | ({ readonly type: 'requests-held'; readonly side: 'hub' | 'target' } & Omit<Pause, 'retry' | 'retries'>)
  /** The registry wants to know who we are. `origin` is where the credentials are from; none: anonymous. */
  | { readonly type: 'credentials-chosen'; readonly registry: string; readonly origin: string | undefined }
  | { readonly type: 'layer-started'; readonly path: string; readonly size: number }
  /**
   * The upload goes on where an earlier run left it; what is before `offset` is read again, but not sent. 0: the target
   * has lost the session, and all of it is sent.
   */
  | {
      readonly type: 'layer-resumed';
      readonly path: string;
      readonly offset: number;
      readonly size: number;
    }
  /** At most ten a second: bytes that are not sent are read for their hash, as many as `size`. */
  | { readonly type: 'layer-rereading'; readonly path: string; readonly read: number; readonly size: number }
  /** At most ten a second for each layer. `sent` falls when the registry lost what it had. */
  | { readonly type: 'layer-progress'; readonly path: string; readonly sent: number; readonly size: number }
  /** `side` is where it failed: reading from the Hub, or writing to the target. */
  | ({ readonly type: 'layer-retrying'; readonly path: string; readonly side: 'hub' | 'target' } & Retry)
  /** What a layer took beyond its own bytes, at its end, whether it was pushed or failed; only where that is anything. */
  | ({ readonly type: 'layer-cost'; readonly path: string } & PushCost)
  | {
      readonly type: 'layer-done';
      readonly path: string;
      readonly digest: Digest;
      readonly size: number;
      readonly outcome: BlobOutcome;
    }
  /** Only with `continueOnError`: the other layers go on, and the push rejects at its end. */
  | {
      readonly type: 'layer-failed';
      readonly path: string;
      readonly code: ErrorCode;
      readonly message: string;
    }
  | { readonly type: 'manifest-pushed'; readonly digest: Digest; readonly reference: string }
  /** A tag points at the image. `previous`: the digest that a moved tag pointed at before. */
  | {
      readonly type: 'tag-pushed';
      readonly tag: string;
      readonly reference: string;
      readonly digest: Digest;
      readonly outcome: TagOutcome;
      readonly previous?: Digest;
    };

/** `set`: the tag was free, or the push could not read it. */
export type TagOutcome = 'set' | 'moved' | 'existed';

export type OnEvent = (event: PushEvent) => void;
