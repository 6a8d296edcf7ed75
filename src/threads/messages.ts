import type { Descriptor } from '../core/descriptor.ts';
import type { PushEvent } from '../core/event.ts';
import type { UploadSession } from '../core/ports.ts';
import type { Places } from '../places.ts';
import type { LayerJob } from '../push/push-layer.ts';
import type { PlainError } from './plain-error.ts';

/** What a thread is started with. */
export interface ThreadData {
  readonly places: Places;
  /** Whether the Hub refused the token before this thread started. */
  readonly isTokenRefused: boolean;
  /** Whether another token can replace one that the Hub refuses. */
  readonly renewsToken: boolean;
  /** Whether there is a choice of proxies to be asked for. */
  readonly asksForProxies: boolean;
  /** The `step` of the rate limit, if there is one. */
  readonly rateStep: number | undefined;
}

/** What the main thread says. One job at a time. */
export type ToThread =
  | { readonly type: 'push'; readonly job: LayerJob; readonly keepsSessions: boolean }
  /** Whether a later run would find the session of the layer that is being pushed. */
  | { readonly type: 'session-kept'; readonly kept: boolean }
  | { readonly type: 'abort'; readonly reason: PlainError }
  | { readonly type: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly type: 'refusal'; readonly id: number; readonly error: PlainError };

/** What a thread says. */
export type FromThread =
  | { readonly type: 'event'; readonly event: PushEvent }
  | { readonly type: 'session'; readonly session: UploadSession | undefined }
  | { readonly type: 'done'; readonly descriptor: Descriptor }
  | { readonly type: 'failed'; readonly error: PlainError }
  | { readonly type: 'call'; readonly id: number; readonly name: string; readonly args: readonly unknown[] };
