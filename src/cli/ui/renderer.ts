import type { ErrorCode, PushEvent, PushPlan, PushResult } from '../../index.ts';

/** What became of a command that did not work. */
export interface Failure {
  /** Undefined for a bug of ours. */
  readonly code: ErrorCode | undefined;
  readonly exitCode: number;
  readonly message: string;
  readonly hint: string | undefined;
  /** For people: what happened, what to do. */
  readonly lines: readonly string[];
}

/** What is shown of a push, in one of the styles. */
export interface Renderer {
  event(event: PushEvent): void;
  /** The end of a dry run. */
  plan(plan: PushPlan): void;
  /** The end of a push that worked. */
  result(result: PushResult): void;
  /** The end of one that did not. */
  error(failure: Failure): void;
  /** Leaves the terminal as it was found. May be called more than once. */
  close(): void;
}
