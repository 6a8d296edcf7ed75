import type { Tls } from './certificate.ts';

/** Where the bytes of files in LFS come from. */
export interface Source {
  readonly origin: string;
  /** Since it was started, this question with it. */
  requests(): Promise<number>;
  stop(): Promise<void>;
}

export interface SourceStart {
  /** The folder of the files. */
  readonly files: string;
  /** A folder for what the server itself needs. */
  readonly scratch: string;
  readonly tls: Tls | undefined;
  readonly bytesPerSecond: number | undefined;
}
