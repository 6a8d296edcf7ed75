import * as v from 'valibot';

/**
 * Identifies the process that wrote a record. A process id is only unique within its PID namespace, and a restarted
 * container reuses it at once. So a mark also has the namespace, the boot and the start time, where Linux shows them.
 */
export interface ProcessMark {
  readonly host: string;
  readonly pid: number;
  /** This and the following are opaque values of the system: only compare them. */
  readonly started?: string | undefined;
  readonly boot?: string | undefined;
  readonly pidNamespace?: string | undefined;
}

/** The processes of this machine. */
export interface Processes {
  readonly self: ProcessMark;
  /** Undefined where we cannot know: on another machine, or in another PID namespace. */
  isAlive(mark: ProcessMark): boolean | undefined;
}

/** Marks of older versions have no boot and no namespace. */
export const processMark: v.GenericSchema<unknown, ProcessMark> = v.object({
  host: v.string(),
  pid: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  started: v.optional(v.string()),
  boot: v.optional(v.string()),
  pidNamespace: v.optional(v.string()),
});

export function isSameProcess(a: ProcessMark, b: ProcessMark): boolean {
  return a.pid === b.pid && a.started === b.started && sharesPids(a, b);
}

/** Whether a process id means the same process to both. */
export function sharesPids(a: ProcessMark, b: ProcessMark): boolean {
  return a.host === b.host && a.boot === b.boot && a.pidNamespace === b.pidNamespace;
}
