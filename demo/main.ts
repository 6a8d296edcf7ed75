import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { demoRepo } from '../test/fakes/hub/demo-model.ts';
import { startFakeHub, synthetic } from '../test/fakes/hub/fake-hub.ts';
import { readImage } from './read-image.ts';

/**
 * The main job on one machine: a small model in the real formats at a local Hub, pushed by the command line into an
 * OCI image layout, then read back from there and compared with the Hub's bytes, file by file.
 */
const MODEL = 'acme/tiny-embedder';

/** All paths start at the clone, where npm runs this. The image stays there for inspection until the next demo. */
const COMMAND = 'dist/cli/main.js';
const IMAGE = 'build/demo-image';
const STATE_FILE = 'build/demo-state.json';

/** What the Hub has and nobody needs to serve the model: the image has everything else. */
const LEFT_OUT = ['.gitattributes', 'pytorch_model.bin'];

const demo = demoRepo(MODEL);
const hub = await startFakeHub({
  repos: [{ ...demo, files: { ...demo.files, 'pytorch_model.bin': synthetic({ size: 453_336 }) } }],
});
try {
  const reference = `oci:${IMAGE}:demo`;
  say(`a local Hub with ${MODEL} listens at ${hub.endpoint}`);
  say(`$ HF_ENDPOINT=${hub.endpoint} oci-modelcar push ${MODEL} ${reference}`);
  await push(reference);

  const files = await readImage(IMAGE, 'demo');
  const equal = await compare(files);
  say(`read back ${files.size} files from ${IMAGE}: ${equal} equal to the Hub's, byte for byte`);
  say('use it, for example:');
  say(
    `$ skopeo copy --dest-tls-verify=false --preserve-digests ${reference} docker://localhost:5000/tiny-embedder:demo`,
  );
} finally {
  await hub.close();
}

async function push(reference: string): Promise<void> {
  const child = spawn(process.execPath, [COMMAND, 'push', MODEL, reference, '--state-file', STATE_FILE], {
    env: { ...process.env, HF_ENDPOINT: hub.endpoint, HF_TOKEN: '', HF_HUB_DISABLE_IMPLICIT_TOKEN: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [stdout, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  process.stdout.write(stdout);
  if (code !== 0) throw new Error(`the push ended with exit code ${code}`);
}

/** Every file of the Hub against the image, by hash, but for those left out; returns how many are equal, and throws unless all are. */
async function compare(files: ReadonlyMap<string, Uint8Array>): Promise<number> {
  const tree = await fetch(`${hub.endpoint}/api/models/${MODEL}/tree/main?recursive=true`);
  const entries = ((await tree.json()) as { type: string; path: string }[]).filter(
    ({ type, path }) => type === 'file' && !LEFT_OUT.includes(path),
  );
  for (const { path } of entries) {
    const encoded = path.split('/').map(encodeURIComponent).join('/');
    const answer = await fetch(`${hub.endpoint}/${MODEL}/resolve/main/${encoded}`);
    const expected = sha256(new Uint8Array(await answer.arrayBuffer()));
    const inImage = files.get(`models/${path}`);
    if (inImage === undefined) throw new Error(`${path} is not in the image`);
    if (sha256(inImage) !== expected) throw new Error(`${path} differs: the Hub has ${expected}`);
    say(`  equal  ${expected.slice(0, 12)}  ${String(inImage.length).padStart(7)} B  models/${path}`);
  }
  if (files.size !== entries.length)
    throw new Error(`${files.size} files in the image, ${entries.length} to be there`);
  return entries.length;
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
