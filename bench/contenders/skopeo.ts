import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { findProgram, program } from '../rig/programs.ts';
import type { Command, Contender, Missing, Task } from './contender.ts';

const NEEDED = ['skopeo', 'curl', 'tar', 'sha256sum'];

/** How it is done by hand: everything on disk first, as an OCI layout, then all of it to the registry. */
export function skopeo(): Contender | Missing {
  const missing = NEEDED.find((name) => findProgram(name) === undefined);
  if (missing !== undefined) return { name: 'skopeo', why: `${missing} is not on this machine` };
  const version = execFileSync(program('skopeo'), ['--version'], { encoding: 'utf8' }).trim();
  const about = `${version}: curl to disk, tar and sha256sum per file, skopeo copy --preserve-digests`;
  return { name: 'skopeo', about, command, leaves: 'image' };
}

/** Each of the commands does what it would do in a script of anybody; nothing is done twice. */
const SCRIPT = `set -euo pipefail
cd "$1"
blobs=layout/blobs/sha256
mkdir -p "$blobs" files/models
curl --silent --show-error --fail --location $CURL_TRUST --config downloads
layers='' diffs=''
add() {
  local sum size
  sum=$(sha256sum "$1" | cut -d ' ' -f 1)
  size=$(stat -c %s "$1")
  mv "$1" "$blobs/$sum"
  descriptor="{\\"mediaType\\":\\"$2\\",\\"digest\\":\\"sha256:$sum\\",\\"size\\":$size}"
  digest="\\"sha256:$sum\\""
}
for file in files/models/*; do
  tar --format=ustar --owner=0 --group=0 --mtime=@0 -C files -cf layer.tar "models/\${file##*/}"
  rm "$file"
  add layer.tar application/vnd.oci.image.layer.v1.tar
  layers="$layers\${layers:+,}$descriptor" diffs="$diffs\${diffs:+,}$digest"
done
printf '{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[%s]}}' "$diffs" >config.json
add config.json application/vnd.oci.image.config.v1+json
manifest=application/vnd.oci.image.manifest.v1+json
printf '{"schemaVersion":2,"mediaType":"%s","config":%s,"layers":[%s]}' "$manifest" "$descriptor" "$layers" >manifest.json
add manifest.json "$manifest"
printf '{"schemaVersion":2,"manifests":[%s]}' "$descriptor" >layout/index.json
printf '{"imageLayoutVersion":"1.0.0"}' >layout/oci-layout
skopeo --insecure-policy copy --quiet --preserve-digests $SKOPEO_TRUST oci:layout "docker://$TARGET"
`;

function command({ model, hub, registry, repository, tag, caFile, folder }: Task): Command {
  const script = join(folder, 'by-hand.sh');
  writeFileSync(script, SCRIPT);
  const downloads = model.files.map(({ path }) => {
    const url = `${hub}/${model.id}/resolve/${model.commit}/${path}`;
    return `url = "${url}"\noutput = "files/models/${path}"\n`;
  });
  writeFileSync(join(folder, 'downloads'), downloads.join(''));
  return {
    program: program('bash'),
    args: [script, folder],
    env: {
      HOME: folder,
      TMPDIR: folder,
      TARGET: `${registry.replace(/^https?:\/\//, '')}/${repository}:${tag}`,
      CURL_TRUST: caFile === undefined ? '' : `--cacert ${caFile}`,
      SKOPEO_TRUST: caFile === undefined ? '--dest-tls-verify=false' : `--dest-cert-dir ${dirname(caFile)}`,
    },
  };
}
