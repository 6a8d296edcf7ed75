import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { runsInCi } from './runs-in-ci.ts';

/** A program that nobody here wrote, which a test runs to have the truth told by somebody else. */
export type PeerName =
  | 'docker-registry'
  | 'distribution-3'
  | 'olareg'
  | 'cosign'
  | 'skopeo'
  | 'podman'
  | 'umoci'
  | 'nginx'
  | 'busybox'
  | 'gnu-tar'
  | 'update-ca-certificates'
  | 'python3'
  | 'zsh'
  | 'fish'
  | 'huggingface_hub'
  | 'oci-modelcar-0.4.1';

declare module 'vitest' {
  interface TaskMeta {
    /** The peers whose absence left the facts of this suite unproved. */
    missingPeers?: readonly string[];
  }
}

/** The program to run. For `huggingface_hub` that is a Python that can import it. Call it inside a test. */
export function peerPath(name: PeerName): string {
  const path = findPeer(name);
  if (path === undefined) throw new Error(`${name} is not on this machine: run scripts/install-peers.sh`);
  return path;
}

function findPeer(name: PeerName): string | undefined {
  const place = places[name];
  if ('installed' in place) return firstProgram([join(peersFolder, place.installed)]);
  return firstProgram(searchFolders().map((folder) => join(folder, place.program)));
}

/**
 * A suite whose facts only these peers can prove. With one of them missing it fails where CI=true, and is
 * skipped anywhere else; the reporter then names it at the end of the run.
 */
export function describePeers(peers: readonly PeerName[], facts: string, body: () => void): void {
  const missing = peers.filter((peer) => findPeer(peer) === undefined);
  if (missing.length === 0) {
    describe(facts, body);
    return;
  }
  if (!runsInCi()) {
    describe.skip(facts, { meta: { missingPeers: missing } }, body);
    return;
  }
  describe(facts, () => {
    test(`has its real peers: ${missing.join(', ')}`, () => {
      expect(missing, 'missing peers; scripts/install-peers.sh installs them').toEqual([]);
    });
  });
}

const peersFolder = fileURLToPath(new URL('../../.peers', import.meta.url));

const places = {
  'docker-registry': { program: 'docker-registry' },
  'distribution-3': { installed: 'bin/registry' },
  olareg: { installed: 'bin/olareg' },
  cosign: { installed: 'bin/cosign' },
  skopeo: { program: 'skopeo' },
  podman: { program: 'podman' },
  umoci: { program: 'umoci' },
  nginx: { program: 'nginx' },
  busybox: { program: 'busybox' },
  'gnu-tar': { program: 'tar' },
  'update-ca-certificates': { program: 'update-ca-certificates' },
  python3: { program: 'python3' },
  zsh: { program: 'zsh' },
  fish: { program: 'fish' },
  huggingface_hub: { installed: 'python/bin/python' },
  'oci-modelcar-0.4.1': { installed: 'modelcar/bin/oci-modelcar' },
} satisfies Record<PeerName, { program: string } | { installed: string }>;

/** Debian keeps some of them where the PATH of an ordinary user does not look. */
function searchFolders(): string[] {
  const path = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return [...path, '/usr/sbin', '/sbin'];
}

function firstProgram(paths: readonly string[]): string | undefined {
  return paths.find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
