import { type DistributionOptions, distributionStart } from './distribution-config.ts';
import { peerPath } from './peers.ts';
import { type RunningRegistry, startRegistry } from './start-registry.ts';

/** distribution 2.8.2: still in wide use, and the least forgiving with a session whose body was cut. */
export function startDockerRegistry(options: DistributionOptions = {}): Promise<RunningRegistry> {
  return startRegistry({
    name: 'docker-registry',
    readyStatus: options.htpasswd === undefined ? 200 : 401,
    prepare: (place) => distributionStart(peerPath('docker-registry'), place, options),
  });
}
