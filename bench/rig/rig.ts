import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Scenario } from '../scenario.ts';
import { TLS, type Tls } from './certificate.ts';
import type { HubReport, HubStart } from './hub-front.ts';
import type { Model, ModelFile } from './model.ts';
import { type DelayKind, startNetwork } from './network.ts';
import { type OwnServer, startOwnServer } from './servers.ts';
import { type Source, type SourceKind, startSource } from './source.ts';
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

export interface RigStart {
  readonly scenario: Scenario;
  readonly model: Model;
  readonly source: SourceKind;
  readonly delay: DelayKind;
  /** Where servers keep what they keep: in memory, if the machine has that. */
  readonly scratch: string;
}

export async function startRig({ scenario, model, scratch, ...kinds }: RigStart): Promise<Rig> {
  const tls = scenario.tls ? TLS : undefined;
  const caFile = tls && join(scratch, 'trusted', 'ca.crt');
  if (caFile !== undefined) writeTrusted(caFile);
  const network = startNetwork(scenario.registryRttMs, kinds.delay);
  const folder = join(scratch, 'registry');
  mkdirSync(folder, { recursive: true });
  const bytesPerSecond = scenario.hubBytesPerSecond;
  const source = await startSource(kinds.source, { files: model.folder, scratch, tls, bytesPerSecond });
  const front = await startFront(model, source, tls);
  const start = scenario.target === 'sink' ? startSink : startDockerRegistry;
  return {
    hub: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${front.port}`,
    tls,
    caFile,
    storageUrl: ({ path }) => `${source.origin}/${path}`,
    hubRequests: async () => (await front.report()).requests + (await source.requests()),
    startTarget: () => start({ tls, network, folder }),
    async stop() {
      network.stop();
      await Promise.all([front.stop(), source.stop()]);
    },
  };
}

/** In a folder of its own: skopeo takes all that is there. */
function writeTrusted(caFile: string): void {
  mkdirSync(dirname(caFile), { recursive: true });
  writeFileSync(caFile, TLS.ca);
}

function startFront(model: Model, source: Source, tls: Tls | undefined): Promise<OwnServer<HubReport>> {
  const served = tls && { key: tls.key, cert: tls.cert };
  const start = { address: '127.0.0.1', model, storage: `${source.origin}/`, tls: served };
  return startOwnServer<HubStart, HubReport>(new URL('./hub-front.js', import.meta.url), start);
}
