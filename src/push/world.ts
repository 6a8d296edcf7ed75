import type { OnEvent } from '../core/event.ts';
import type { Sibling } from '../core/model.ts';
import type { Clock, ImageTarget, Journal, ModelSource } from '../core/ports.ts';
import type { RateLimit } from '../core/rate-limit.ts';
import type { RunningHash } from '../core/running-hash.ts';
import type { pushLayer } from './push-layer.ts';

/** What a push needs from outside. `compose.ts` builds it; tests build a small one. */
export interface World {
  readonly source: ModelSource;
  readonly target: ImageTarget;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly onEvent: OnEvent;
  readonly signal: AbortSignal;
  readonly rateLimit?: RateLimit | undefined;
  /** The hash that a file is checked with. Default, also for one file: made in this thread. */
  readonly hashOf?: ((file: Sibling) => Promise<RunningHash | undefined>) | undefined;
  /** How a layer is pushed: in this thread, unless this says otherwise. */
  readonly pushLayer?: typeof pushLayer | undefined;
}
