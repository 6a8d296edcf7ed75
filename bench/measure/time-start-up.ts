import { spawnSync } from 'node:child_process';
import { COMMAND } from '../contenders/ours.ts';
import type { StartUp } from '../results.ts';

const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  'node -e 0': ['-e', '0'],
  'oci-modelcar --version': [COMMAND, '--version'],
  'oci-modelcar --help': [COMMAND, '--help'],
  'oci-modelcar push --help': [COMMAND, 'push', '--help'],
};

/** How long one waits for an answer that needs no network, beside a Node that does nothing at all. In turns, as all here. */
export function timeStartUp(rounds: number): StartUp {
  const seconds = Object.fromEntries(Object.keys(COMMANDS).map((name) => [name, [] as number[]]));
  for (let round = 0; round <= rounds; round += 1) {
    for (const [name, args] of Object.entries(COMMANDS)) {
      const begin = performance.now();
      const { status } = spawnSync(process.execPath, args, { stdio: 'ignore' });
      if (status !== 0) throw new Error(`${name} ended with ${status}`);
      // The first round brings the files into memory.
      if (round > 0) seconds[name]?.push((performance.now() - begin) / 1e3);
    }
  }
  return { rounds, seconds };
}
