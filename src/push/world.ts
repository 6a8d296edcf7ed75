import type { OnEvent } from '../core/event.ts';
import type { Clock, ImageTarget, Journal, ModelSource } from '../core/ports.ts';

/** What a push needs from outside. `compose.ts` builds it; tests build a small one. */
export interface World {
  readonly source: ModelSource;
  readonly target: ImageTarget;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly onEvent: OnEvent;
  readonly signal: AbortSignal;
}
