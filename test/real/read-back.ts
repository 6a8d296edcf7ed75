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

/** The manifest or index exactly as the registry keeps it. */
export async function rawManifest(reference: string): Promise<string> {
  const args = ['inspect', '--raw', '--tls-verify=false', `docker://${reference}`];
  return (await runCommand(peerPath('skopeo'), args)).stdout;
}

/** Unpacks what `copyToOciLayout` wrote; answers the folder that a container would see as its root. */
export async function unpackLayout(layoutFolder: string, bundleFolder: string): Promise<string> {
  const rootless = process.getuid?.() === 0 ? [] : ['--rootless'];
  await runCommand(peerPath('umoci'), [
    'unpack',
    ...rootless,
    '--image',
    `${layoutFolder}:copy`,
    bundleFolder,
  ]);
  return join(bundleFolder, 'rootfs');
}

async function skopeoCopy(reference: string, destination: string): Promise<void> {
  const args = ['copy', '--all', '--quiet', '--preserve-digests', '--src-tls-verify=false'];
  await runCommand(peerPath('skopeo'), [...args, `docker://${reference}`, destination]);
}
