import { join } from 'node:path';
import { peerPath } from './peers.ts';
import { runCommand } from './run-command.ts';

/** Copies an image with skopeo, digests untouched, into an OCI layout, under the tag `copy`. */
export async function copyToOciLayout(reference: string, folder: string): Promise<void> {
  await skopeoCopy(reference, `oci:${folder}:copy`);
}

/** Copies an image with skopeo: `manifest.json`, and each blob in a file named by its hex digest. */
export async function copyToFolder(reference: string, folder: string): Promise<void> {
  await skopeoCopy(reference, `dir:${folder}`);
}

/** Copies an image with skopeo, digests untouched, from an OCI layout (`FOLDER:TAG`) into a registry. */
export async function copyFromOciLayout(image: string, reference: string): Promise<void> {
  const args = ['copy', '--quiet', '--preserve-digests', '--dest-tls-verify=false'];
  await runCommand(peerPath('skopeo'), [...args, `oci:${image}`, `docker://${reference}`]);
}

/** The tags of a repository, sorted. */
export async function listTags(repository: string): Promise<readonly string[]> {
  const args = ['list-tags', '--tls-verify=false', `docker://${repository}`];
  const { Tags } = JSON.parse((await runCommand(peerPath('skopeo'), args)).stdout);
  return Tags.sort();
}

/** The manifest or index exactly as the registry keeps it. */
export async function rawManifest(reference: string): Promise<string> {
  const args = ['inspect', '--raw', '--tls-verify=false', `docker://${reference}`];
  return (await runCommand(peerPath('skopeo'), args)).stdout;
}

/** Unpacks an image from an OCI layout, by default what `copyToOciLayout` wrote; answers the folder that a container would see as its root. */
export async function unpackLayout(
  layoutFolder: string,
  bundleFolder: string,
  tag = 'copy',
): Promise<string> {
  const rootless = process.getuid?.() === 0 ? [] : ['--rootless'];
  await runCommand(peerPath('umoci'), [
    'unpack',
    ...rootless,
    '--image',
    `${layoutFolder}:${tag}`,
    bundleFolder,
  ]);
  return join(bundleFolder, 'rootfs');
}

async function skopeoCopy(reference: string, destination: string): Promise<void> {
  const args = ['copy', '--all', '--quiet', '--preserve-digests', '--src-tls-verify=false'];
  await runCommand(peerPath('skopeo'), [...args, `docker://${reference}`, destination]);
}
