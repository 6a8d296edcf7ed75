import { type DistributionOptions, distributionStart, readyStatusOf } from './distribution-config.ts';
import { peerPath } from './peers.ts';
import { type RunningRegistry, startRegistry } from './start-registry.ts';

/** distribution 3: keeps what a cut body has brought, to the byte. */
export function startDistribution3(options: DistributionOptions = {}): Promise<RunningRegistry> {
  return startRegistry({
    name: 'distribution-3',
    readyStatus: readyStatusOf(options),
    prepare: (place) => distributionStart(peerPath('distribution-3'), place, options),
  });
}
