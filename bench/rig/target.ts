import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freeLoopbackPort } from '../../test/real/start-process.ts';
import type { SinkReport, SinkStart } from '../sink/main.ts';
import { ask } from './ask.ts';
import type { Tls } from './certificate.ts';
import type { Network } from './network.ts';
import { findProgram, program } from './programs.ts';
import { startDaemon, startOwnServer } from './servers.ts';
import { temporaryFolder } from './temporary.ts';

/** What is pushed to, empty at the start of every run. */
export interface Target {
  /** `http://127.0.0.1:41234`, as the client reaches it. */
  readonly origin: string;
  /** Before anybody but the client asks something. */
  requests(): Promise<number>;
  stop(): Promise<void>;
}

export interface TargetStart {
  readonly tls: Tls | undefined;
  readonly network: Network;
  /** Where there is room for what is pushed. */
  readonly folder: string;
}

export async function startSink({ tls, network }: TargetStart): Promise<Target> {
  const { address, prefix } = network.server;
  const start: SinkStart = { address, tls: tls && { key: tls.key, cert: tls.cert } };
  const module = new URL('../sink/main.js', import.meta.url);
  const server = await startOwnServer<SinkStart, SinkReport>(module, start, prefix);
  const reached = await network.reach(server.port);
  return {
    origin: `${tls === undefined ? 'http' : 'https'}://${reached.host}`,
    requests: async () => (await server.report()).requests,
    async stop() {
      await reached.stop();
      await server.stop();
    },
  };
}

/** distribution 2.8 from Debian, or any version of it that is called `registry`, over files in memory. */
export async function startDockerRegistry({ tls, network, folder: parent }: TargetStart): Promise<Target> {
  const { address, prefix } = network.server;
  const folder = temporaryFolder(parent);
  const port = await freeLoopbackPort();
  const metricsPort = await freeLoopbackPort();
  const config = join(folder.path, 'config.yml');
  writeFileSync(config, configuration({ folder: folder.path, address, port, metricsPort, tls }));
  const command = [...prefix, program(DOCKER_REGISTRY), 'serve', config];
  const daemon = await startDaemon(command, port, folder.path, address);
  const reached = await network.reach(port);
  return {
    origin: `${tls === undefined ? 'http' : 'https'}://${reached.host}`,
    async requests() {
      const { body } = await ask(`http://${address}:${metricsPort}/metrics`, undefined);
      const counts = body.matchAll(/^registry_http_requests_total\{[^}]*\} (\S+)$/gm);
      return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
    },
    async stop() {
      await reached.stop();
      await daemon.stop();
      folder.remove();
    },
  };
}

const DOCKER_REGISTRY = 'docker-registry';

export function hasDockerRegistry(): boolean {
  return findProgram(DOCKER_REGISTRY) !== undefined;
}

interface RegistryConfiguration {
  readonly folder: string;
  readonly address: string;
  readonly port: number;
  readonly metricsPort: number;
  readonly tls: Tls | undefined;
}

/** JSON is YAML too. */
function configuration({ folder, address, port, metricsPort, tls }: RegistryConfiguration): string {
  const rootdirectory = join(folder, 'storage');
  mkdirSync(rootdirectory);
  const certificate = join(folder, 'certificate.pem');
  const key = join(folder, 'key.pem');
  if (tls !== undefined) {
    writeFileSync(certificate, tls.cert);
    writeFileSync(key, tls.key, { mode: 0o600 });
  }
  return JSON.stringify({
    version: 0.1,
    log: { level: 'error', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory }, maintenance: { uploadpurging: { enabled: false } } },
    http: {
      addr: `${address}:${port}`,
      secret: 'the same for all',
      debug: { addr: `${address}:${metricsPort}`, prometheus: { enabled: true, path: '/metrics' } },
      ...(tls && { tls: { certificate, key } }),
    },
  });
}
