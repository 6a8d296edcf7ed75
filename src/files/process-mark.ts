import * as v from 'valibot';

/**
 * Which process wrote something down. A system gives the same number again some day, in a container that is started
 * anew at once; so when the process began belongs to it, where that can be read.
 */
export interface ProcessMark {
  readonly host: string;
  readonly pid: number;
  /** In the system's own words: only good for being compared. */
  readonly started?: string | undefined;
}

/** The processes of this machine. */
export interface Processes {
  readonly self: ProcessMark;
  /** Undefined of another machine's. */
  isAlive(mark: ProcessMark): boolean | undefined;
}

export const processMark: v.GenericSchema<unknown, ProcessMark> = v.object({
  host: v.string(),
  pid: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  started: v.optional(v.string()),
});

export function isSameProcess(a: ProcessMark, b: ProcessMark): boolean {
  return a.host === b.host && a.pid === b.pid && a.started === b.started;
}
