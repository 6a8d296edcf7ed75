import { type DistributionOptions, distributionStart, readyStatusOf } from './distribution-config.ts';
import { peerPath } from './peers.ts';
import { type RunningRegistry, startRegistry } from './start-registry.ts';

/** distribution 2.8.2: still in wide use, and the least forgiving with a session whose body was cut. */
export function startDockerRegistry(options: DistributionOptions = {}): Promise<RunningRegistry> {
  return startRegistry({
    name: 'docker-registry',
    readyStatus: readyStatusOf(options),
    prepare: (place) => distributionStart(peerPath('docker-registry'), place, options),
  });
}
