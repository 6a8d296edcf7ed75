import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Scenario } from '../scenario.ts';
import { TLS, type Tls } from './certificate.ts';
import type { HubReport, HubStart } from './hub-front.ts';
import type { Model, ModelFile } from './model.ts';
import { LOOPBACK, type Network } from './network.ts';
import { startNginxSource } from './nginx-source.ts';
import { type OwnServer, startOwnServer } from './servers.ts';
import type { Source } from './source.ts';
import { startDockerRegistry, startSink, type Target } from './target.ts';

/** All that a scenario needs around its contenders. */
export interface Rig {
  readonly hub: string;
  readonly tls: Tls | undefined;
  readonly caFile: string | undefined;
  storageUrl(file: ModelFile): string;
  /** At the Hub and its storage, since the rig was started. */
  hubRequests(): Promise<number>;
  /** A new one for each run: nothing of an earlier run is there. */
  startTarget(): Promise<Target>;
  stop(): Promise<void>;
}

export async function startRig(scenario: Scenario, model: Model, scratch: string): Promise<Rig> {
  const tls = scenario.tls ? TLS : undefined;
  const caFile = tls && join(scratch, 'ca.pem');
  if (caFile !== undefined) writeFileSync(caFile, TLS.ca);
  const network: Network = LOOPBACK;
  const folder = join(scratch, 'registry');
  mkdirSync(folder, { recursive: true });
  const bytesPerSecond = scenario.hubBytesPerSecond;
  const source = await startNginxSource({ files: model.folder, scratch, tls, bytesPerSecond });
  const front = await startFront(model, source, tls);
  const start = scenario.target === 'sink' ? startSink : startDockerRegistry;
  let looks = 0;
  return {
    hub: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${front.port}`,
    tls,
    caFile,
    storageUrl: ({ path }) => `${source.origin}/${path}`,
    async hubRequests() {
      looks += 1;
      return (await front.report()).requests + (await source.requests()) - looks;
    },
    startTarget: () => start({ tls, network, folder }),
    async stop() {
      network.stop();
      await Promise.all([front.stop(), source.stop()]);
    },
  };
}

function startFront(model: Model, source: Source, tls: Tls | undefined): Promise<OwnServer<HubReport>> {
  const served = tls && { key: tls.key, cert: tls.cert };
  const start = { address: '127.0.0.1', model, storage: `${source.origin}/`, tls: served };
  return startOwnServer<HubStart, HubReport>(new URL('./hub-front.js', import.meta.url), start);
}
