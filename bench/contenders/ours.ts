import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import type { Command, Contender, Task } from './contender.ts';

/** As `npm run` starts everything: in the folder of the package. */
export const COMMAND: string = resolve('dist/cli/main.js');

export function ours(): Contender {
  const version = execFileSync(process.execPath, [COMMAND, '--version'], { encoding: 'utf8' }).trim();
  return { name: 'ours', about: `oci-modelcar ${version}, as built here`, command, leaves: 'image' };
}

function command({ model, hub, registry, repository, tag, workers, caFile, folder }: Task): Command {
  const target = `${registry}/${repository}:${tag}`;
  const flags = ['--workers', `${workers}`, '--allow-patterns', '*', '--log-style', 'text'];
  const trust = caFile === undefined ? [] : ['--ca-file', caFile];
  return {
    program: process.execPath,
    args: [COMMAND, 'push', model.id, target, '--hf-endpoint', hub, ...flags, ...trust],
    env: { HOME: folder, HF_HUB_DISABLE_IMPLICIT_TOKEN: '1' },
  };
}
