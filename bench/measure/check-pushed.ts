import type { Contender, Task } from '../contenders/contender.ts';
import { ask } from '../rig/ask.ts';

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
/** The most that a layer has beyond its file: headers, and the end of the archive. */
const TAR_EXTRA = 32_768;

interface Descriptor {
  readonly digest: string;
  readonly size: number;
}

/**
 * Whether the work was done: a run that left something out is no fast run.
 *
 * @returns the digest of the image, where there is one
 * @throws Error what is missing
 */
export async function checkPushed(
  { leaves }: Contender,
  task: Task,
  ca: string | undefined,
): Promise<string | undefined> {
  if (leaves === 'image') return checkImage(task, ca);
  const blobs = task.model.files.map(({ sha256, size }) => ({ digest: `sha256:${sha256}`, size }));
  await checkBlobs(blobs, task, ca);
  return undefined;
}

async function checkImage(task: Task, ca: string | undefined): Promise<string> {
  const { registry, repository, tag, model } = task;
  const answer = await ask(`${registry}/v2/${repository}/manifests/${tag}`, ca, { accept: MANIFEST });
  if (answer.status !== 200) throw new Error(`there is no image under the tag: HTTP ${answer.status}`);
  const manifest = JSON.parse(answer.body) as {
    readonly config: Descriptor;
    readonly layers: readonly Descriptor[];
  };
  const { config, layers } = manifest;
  if (layers.length !== model.files.length)
    throw new Error(`the image has ${layers.length} layers, the model ${model.files.length} files`);
  const [inLayers, inFiles] = [sum(layers), sum(model.files)];
  if (inLayers < inFiles || inLayers > inFiles + TAR_EXTRA * layers.length)
    throw new Error(`the layers have ${inLayers} bytes, the files ${inFiles}`);
  await checkBlobs([config, ...layers], task, ca);
  return String(answer.headers['docker-content-digest']);
}

/** What the sink has counted, what the registry has hashed: each blob is there with all of its bytes. */
async function checkBlobs(
  blobs: readonly Descriptor[],
  { registry, repository }: Task,
  ca: string | undefined,
): Promise<void> {
  await Promise.all(
    blobs.map(async ({ digest, size }) => {
      const { status, headers } = await ask(`${registry}/v2/${repository}/blobs/${digest}`, ca, {
        method: 'HEAD',
      });
      if (status !== 200) throw new Error(`blob ${digest} is not there: HTTP ${status}`);
      if (headers['content-length'] !== `${size}`)
        throw new Error(`blob ${digest} has ${headers['content-length']} bytes, not ${size}`);
    }),
  );
}

function sum(parts: readonly { readonly size: number }[]): number {
  return parts.reduce((total, { size }) => total + size, 0);
}
