import type { Model, ModelFile } from '../rig/model.ts';
import type { ContenderName } from '../scenario.ts';

/** The same job for all. */
export interface Task {
  readonly model: Model;
  readonly hub: string;
  /** Where a file's bytes are, past the Hub: for the relay, which asks nobody. */
  readonly storageUrl: (file: ModelFile) => string;
  /** `http://127.0.0.1:41234` */
  readonly registry: string;
  readonly repository: string;
  readonly tag: string;
  readonly workers: number;
  /** What both sides' certificates are checked with; undefined where no TLS is spoken. */
  readonly caFile: string | undefined;
  /** An empty folder on disk: HOME, TMPDIR, and where a contender keeps what it must keep. */
  readonly folder: string;
}

export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export interface Contender {
  readonly name: ContenderName;
  /** For people: which version, and what it does that others do not. */
  readonly about: string;
  command(task: Task): Command;
  /** An image under a tag; or each file as a blob, as it is, and nothing else. */
  readonly leaves: 'image' | 'blobs';
}

/** Why a contender is left out. */
export interface Missing {
  readonly name: ContenderName;
  readonly why: string;
}
