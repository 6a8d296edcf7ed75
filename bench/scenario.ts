/** What is pushed: files of equal size, each with bytes of its own. */
export interface ModelSpec {
  readonly files: number;
  /** Of each file. */
  readonly size: number;
  /** Zeros are a sparse file: they need no space, however large. */
  readonly bytes: 'random' | 'zeros';
}

export const CONTENDERS = ['ours', 'relay', 'python-0.4.1', 'python-1.3.0', 'skopeo'] as const;

export type ContenderName = (typeof CONTENDERS)[number];

/** One row of the benchmark: the same job, by several contenders, in the same surroundings. */
export interface Scenario {
  readonly name: string;
  readonly about: string;
  readonly model: ModelSpec;
  readonly target: 'sink' | 'docker-registry';
  /** On both sides. */
  readonly tls: boolean;
  readonly workers: number;
  readonly contenders: readonly ContenderName[];
  /** Where it is not as many as the others are played. */
  readonly rounds?: number;
  /** The most that the Hub's storage sends over one connection. */
  readonly hubBytesPerSecond?: number;
  /** Shown in the picture. */
  readonly headline?: boolean;
  /** Played where it is named, or with --all. */
  readonly extra?: boolean;
  /** There and back, between client and registry. */
  readonly registryRttMs?: number;
}

export function totalBytes({ files, size }: ModelSpec): number {
  return files * size;
}

/** Files of this size and more are in LFS, as on the Hub; the others are in git. */
export const LFS_FROM: number = 2 ** 20;

/** What is counted: bytes, or where the files are small the files. */
export interface Unit {
  readonly rate: string;
  readonly cpu: string;
  /** How much of it the model is: a thousand `rate` seconds, one `cpu`. */
  readonly amount: number;
}

export function unitOf({ model }: Scenario): Unit {
  return model.size >= LFS_FROM
    ? { rate: 'MB/s', cpu: 'CPU s/GB', amount: totalBytes(model) / 1e9 }
    : { rate: 'files/s', cpu: 'CPU s/1000 files', amount: model.files / 1e3 };
}
