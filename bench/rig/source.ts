import type { Tls } from './certificate.ts';
import { startNginxSource } from './nginx-source.ts';
import type { NodeSourceReport, NodeSourceStart } from './node-source.ts';
import { startOwnServer } from './servers.ts';

export type SourceKind = 'nginx' | 'node';

/** Where the bytes of files in LFS come from. */
export interface Source {
  readonly origin: string;
  /** Since it was started. */
  requests(): Promise<number>;
  stop(): Promise<void>;
}

export interface SourceStart {
  /** The folder of the files. */
  readonly files: string;
  /** A folder for what the server itself needs. */
  readonly scratch: string;
  readonly tls: Tls | undefined;
  /** Over each connection: then it is our own server, whatever is asked for. */
  readonly bytesPerSecond: number | undefined;
}

export function startSource(kind: SourceKind, start: SourceStart): Promise<Source> {
  const paced = start.bytesPerSecond !== undefined;
  return kind === 'nginx' && !paced ? startNginxSource(start) : startNodeSource(start);
}

async function startNodeSource({ files, tls, bytesPerSecond }: SourceStart): Promise<Source> {
  const start: NodeSourceStart = {
    address: '127.0.0.1',
    files,
    tls: tls && { key: tls.key, cert: tls.cert },
    bytesPerSecond,
  };
  const module = new URL('./node-source.js', import.meta.url);
  const server = await startOwnServer<NodeSourceStart, NodeSourceReport>(module, start);
  return {
    origin: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${server.port}`,
    requests: async () => (await server.report()).requests,
    stop: server.stop,
  };
}
