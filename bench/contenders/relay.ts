import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram, program } from '../rig/programs.ts';
import type { Command, Contender, Missing, Task } from './contender.ts';

/**
 * What the way costs that nobody can go around: a file's bytes out of one connection and into another. It asks no Hub,
 * hashes nothing, makes no tar, and is told the digest.
 */
export function relay(): Contender | Missing {
  const curl = findProgram('curl');
  if (curl === undefined) return { name: 'relay', why: 'curl is not on this machine' };
  const [version = ''] = execFileSync(curl, ['--version'], { encoding: 'utf8' }).split(' (');
  return {
    name: 'relay',
    about: `${version}: GET | PATCH, then PUT with a digest that it is told`,
    command,
    leaves: 'blobs',
  };
}

/** One file: its URL, its digest. Several at once are several of these. */
const SCRIPT = `set -euo pipefail
url=$1 digest=$2
place() { tr -d '\\r' | sed -n 's/^[Ll]ocation: //p'; }
curl() { command curl --silent --show-error --fail $CURL_TRUST "$@"; }
location=$(curl -X POST -D - -o /dev/null "$UPLOADS" | place)
location=$(curl "$url" | curl -X PATCH -H 'Expect:' -H 'Content-Type: application/octet-stream' -D - -o /dev/null -T - "$location" | place)
case $location in *\\?*) location="$location&digest=$digest" ;; *) location="$location?digest=$digest" ;; esac
curl -X PUT -o /dev/null "$location"
`;

function command({ model, storageUrl, registry, repository, workers, caFile, folder }: Task): Command {
  const script = join(folder, 'relay.sh');
  const list = join(folder, 'files');
  writeFileSync(script, SCRIPT);
  writeFileSync(list, model.files.map((file) => `${storageUrl(file)} sha256:${file.sha256}\n`).join(''));
  return {
    program: program('bash'),
    args: ['-c', 'exec xargs -n 2 -P "$1" bash "$2" <"$3"', 'relay', `${workers}`, script, list],
    env: {
      UPLOADS: `${registry}/v2/${repository}/blobs/uploads/`,
      CURL_TRUST: caFile === undefined ? '' : `--cacert ${caFile}`,
    },
  };
}
