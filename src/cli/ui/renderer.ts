import type { CheckedPlan, PushEvent, PushResult } from '../../index.ts';

/** What a push shows, to people and to machines. Called synchronously; never throws for what a file is called. */
export interface Renderer {
  event(event: PushEvent): void;
  /** The end of a dry run. `refusal`: why the target would not take the push. */
  plan(plan: CheckedPlan, refusal: Failure | undefined): void;
  /** The end of a push that worked. */
  result(result: PushResult): void;
  /** The end of anything that did not. */
  error(failure: Failure): void;
  /**
   * Gives the terminal back: no live lines, the cursor visible. May be called at any time and again, so also by a
   * handler of signals; what comes afterwards is shown plainly.
   */
  close(): void;
}

export interface Failure {
  readonly error: unknown;
  readonly exitCode: number;
  /** The error as people read it: `error: …`, and then what to do. */
  readonly lines: readonly string[];
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** What is used of `process.stdout` and `process.stderr`. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

/** Time, as an argument: what waits for a frame can be tested without waiting. */
export interface Time {
  /** Milliseconds, monotonic. */
  now(): number;
  /** Milliseconds since the epoch. */
  date(): number;
  /** Calls `tick` again and again, and does not keep the process alive for it. Returns what stops it. */
  every(ms: number, tick: () => void): () => void;
}
