import { peerPath } from './peers.ts';
import { type RunningRegistry, startRegistry } from './start-registry.ts';

/** olareg: strict, with the referrers API, and with relative addresses for its uploads. */
export function startOlareg(): Promise<RunningRegistry> {
  return startRegistry({
    name: 'olareg',
    prepare: async ({ port, folder }) => ({
      command: peerPath('olareg'),
      args: [
        'serve',
        '--addr',
        '127.0.0.1',
        '--port',
        String(port),
        '--dir',
        folder,
        ...deletes,
        '-v',
        'error',
      ],
      cwd: folder,
    }),
  });
}

const deletes = ['--api-delete', '--api-blob-delete'];
