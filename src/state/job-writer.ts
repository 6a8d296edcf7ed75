import type { Clock } from '../core/ports.ts';
import { type JobChanges, mergeChanges } from './job-changes.ts';

/** Least time between two writes where nothing is lost by waiting. */
const INTERVAL_MS = 1000;
/**
 * How long nothing is tried after a write that failed, twice as long after each more: a disk that is full stays so for a
 * while, and with a lock or a network in the way a layer waits many seconds to find that out.
 */
const HOLD_OFF_MS = 10_000;
const MAX_HOLD_OFF_MS = 600_000;

/** `soon`: it may wait for others. `at-last`: nothing comes after it, so it is tried whatever went before. */
export type Urgency = 'soon' | 'now' | 'at-last';

export interface JobWriterOptions {
  readonly clock: Clock;
  /** Resolves with whether it could; never rejects. */
  readonly write: (changes: JobChanges) => Promise<boolean>;
  /** Whether the last write before this could. */
  readonly healthy: boolean;
}

/**
 * Brings changes to the disk, one write after the other and never more than one waiting: what comes in meanwhile goes
 * along with it. What could not be written stays here, and goes along with what comes later.
 */
export class JobWriter {
  readonly #write: JobWriterOptions['write'];
  readonly #clock: Clock;
  #pending: JobChanges[] = [];
  /** The write under way. */
  #current: Promise<void> = Promise.resolve();
  /** The one after it, for everybody who waits for it. */
  #next: Promise<void> | undefined;
  #hurry = new AbortController();
  #last = false;
  #notBefore = Number.NEGATIVE_INFINITY;
  #failedAt: number | undefined;
  #holdOffMs = HOLD_OFF_MS;

  constructor({ write, clock, healthy }: JobWriterOptions) {
    this.#write = write;
    this.#clock = clock;
    this.#failedAt = healthy ? undefined : clock.now();
  }

  /** Whether what it is given reaches the disk, for all we know. */
  get healthy(): boolean {
    return this.#failedAt === undefined;
  }

  /** Resolves when the change is on the disk, or could not get there. */
  change(changes: JobChanges, urgency: Urgency): Promise<void> {
    this.#pending.push(changes);
    if (urgency !== 'soon') this.#hurry.abort();
    if (urgency === 'at-last') this.#last = true;
    this.#next ??= this.#turn();
    return this.#next;
  }

  /** Brings what waits to the disk now: it is tried whatever went before. */
  async flush(): Promise<void> {
    this.#last = true;
    if (this.#next === undefined) return this.#current;
    this.#hurry.abort();
    await this.#next;
  }

  async #turn(): Promise<void> {
    await this.#current;
    const waitMs = this.#notBefore - this.#clock.now();
    const { signal } = this.#hurry;
    if (waitMs > 0 && !signal.aborted) await this.#clock.sleep(waitMs, signal).catch(() => undefined);
    // From here on a change waits for the turn after this one.
    this.#next = undefined;
    this.#hurry = new AbortController();
    const heldOff = this.#failedAt !== undefined && this.#clock.now() - this.#failedAt < this.#holdOffMs;
    if (heldOff && !this.#last) {
      this.#pending = [mergeChanges(this.#pending)];
      return;
    }
    this.#current = this.#flush();
    await this.#current;
  }

  async #flush(): Promise<void> {
    const changes = mergeChanges(this.#pending);
    this.#pending = [];
    const written = await this.#write(changes);
    const now = this.#clock.now();
    this.#notBefore = now + INTERVAL_MS;
    if (!written) this.#pending.unshift(changes);
    this.#holdOffMs = this.healthy ? HOLD_OFF_MS : Math.min(this.#holdOffMs * 2, MAX_HOLD_OFF_MS);
    this.#failedAt = written ? undefined : now;
  }
}
