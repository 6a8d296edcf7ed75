import type { Scene } from './upload-scenes.ts';
import { digestOf, putBlob } from './upload-scenes.ts';

const bytes = Buffer.from('0123456789');
const imageManifest = 'application/vnd.oci.image.manifest.v1+json';
const imageIndex = 'application/vnd.oci.image.index.v1+json';
const imageConfig = 'application/vnd.oci.image.config.v1+json';
const tarLayer = 'application/vnd.oci.image.layer.v1.tar';

const config = '{"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":[]}}';

function descriptor(mediaType: string, content: Uint8Array | string): object {
  return { mediaType, digest: digestOf(content), size: Buffer.byteLength(content) };
}

/** A whole image of one layer; `more` is what else stands in its manifest. */
function manifestWith(more: object = {}): string {
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: imageManifest,
    config: descriptor(imageConfig, config),
    layers: [descriptor(tarLayer, bytes)],
    ...more,
  });
}

function indexOf(...manifests: readonly string[]): string {
  const listed = manifests.map((manifest) => descriptor(imageManifest, manifest));
  return JSON.stringify({ schemaVersion: 2, mediaType: imageIndex, manifests: listed });
}

const blobless = manifestWith({ layers: [descriptor(tarLayer, 'no such layer')] });
const configless = manifestWith({ config: descriptor(imageConfig, 'no such config') });

/** The blobs of the image, as a push has put them there. */
const putParts: Scene = async (witness, repository) => {
  await putBlob(witness, repository);
  await putBlob(witness, repository, config);
};

/** The manifest under each reference. */
function put(what: string, reference: string, manifest: string, type: string = imageManifest): Scene {
  return async ({ ask }, repository) => {
    const at = `${repository}/manifests/${reference}`;
    await ask(what, { method: 'PUT', at, headers: { 'content-type': type }, body: manifest });
  };
}

/** What HEAD and GET say of a reference. */
function read(reference: string, accept: string | undefined): Scene {
  return async ({ ask }, repository) => {
    const at = `${repository}/manifests/${reference}`;
    const headers = accept === undefined ? {} : { accept };
    for (const method of ['HEAD', 'GET']) {
      await ask(`manifest ${reference}, accepting ${accept}`, { method, at, headers });
    }
  };
}

async function inOrder(scenes: readonly Scene[], ...args: Parameters<Scene>): Promise<void> {
  for (const scene of scenes) await scene(...args);
}

export const contentScenes: Readonly<Record<string, Scene>> = {
  async 'a ping, and paths that lead nowhere'({ ask }, repository) {
    const paths = [
      '',
      '_catalogue',
      `${repository}/nothing`,
      `${repository}/blobs`,
      `${repository}/uploads/`,
    ];
    for (const at of paths) await ask(at, { method: 'GET', at });
    await ask('the ping without its slash', { method: 'GET', at: '../v2' });
  },

  async 'a blob, whole and in parts'({ ask, ...witness }, repository) {
    const digest = await putBlob({ ask, ...witness }, repository);
    const at = `${repository}/blobs/${digest}`;
    for (const method of ['HEAD', 'GET']) {
      await ask('the blob', { method, at });
      // None past its end: what Go says to that has changed with its versions.
      for (const range of ['bytes=2-4', 'bytes=6-', 'bytes=-3']) {
        await ask(range, { method, at, headers: { range } });
      }
      const absent = digestOf('nothing');
      await ask('no such blob', { method, at: `${repository}/blobs/${absent}` });
      await ask('no such repository', { method, at: `${repository}-other/blobs/${digest}` });
      await ask('a digest that is none', { method, at: `${repository}/blobs/sha256:abc` });
    }
  },

  async 'a manifest under a tag and under its digest'(...scene) {
    const manifest = manifestWith();
    const digest = digestOf(manifest);
    const readings = ['v1', digest].flatMap((reference) => [
      read(reference, imageManifest),
      read(reference, `${imageIndex}, ${imageManifest}`),
      read(reference, '*/*'),
      read(reference, 'application/vnd.docker.distribution.manifest.v2+json'),
      read(reference, undefined),
    ]);
    await inOrder(
      [
        putParts,
        put('the manifest', 'v1', manifest),
        put('the manifest', digest, manifest),
        put('the manifest once more', 'v1', manifest),
        ...readings,
        read('v2', imageManifest),
        read(digestOf('no such manifest'), imageManifest),
      ],
      ...scene,
    );
  },

  async 'a manifest under a digest that is not its own, or a tag that is none'(...scene) {
    const wrong = ['.dotted', 'x'.repeat(129)];
    await inOrder(
      [
        putParts,
        put('the manifest', digestOf('another'), manifestWith()),
        ...wrong.map((reference) => put(`the manifest as ${reference}`, reference, manifestWith())),
      ],
      ...scene,
    );
  },

  async 'a manifest whose parts are not there'(...scene) {
    await inOrder(
      [
        put('an image without any part', 'v0', manifestWith()),
        putParts,
        put('an image without its layer', 'v1', blobless),
        put('an image without its config', 'v2', configless),
        put('an index without its image', 'v3', indexOf(manifestWith()), imageIndex),
        put('the image', 'v4', manifestWith()),
        put('the index of it', 'v5', indexOf(manifestWith()), imageIndex),
        read('v5', imageIndex),
      ],
      ...scene,
    );
  },

  async 'a manifest that is none'(...scene) {
    await inOrder(
      [
        putParts,
        put('nothing', 'v1', ''),
        put('no JSON', 'v1', '{'),
        put('an empty object', 'v1', '{}'),
        put('another schema', 'v1', manifestWith({ schemaVersion: 1 })),
        put('another media type than the header says', 'v1', manifestWith({ mediaType: imageIndex })),
        put('text', 'v1', manifestWith(), 'text/plain'),
        put('the image, its type with a parameter', 'v1', manifestWith(), `${imageManifest}; charset=utf-8`),
      ],
      ...scene,
    );
  },

  async 'a manifest that is too large'(...scene) {
    // By less than Go still reads of a body that nobody wants (256 KiB), so that the answer is sure to be seen.
    const filling = 'x'.repeat(4 * 2 ** 20);
    await inOrder([putParts, put('4 MiB', 'v1', manifestWith({ annotations: { filling } }))], ...scene);
  },

  async 'a manifest of unknown length'(witness, repository) {
    await putParts(witness, repository);
    const headers = { 'content-type': imageManifest };
    const at = `${repository}/manifests/v1`;
    await witness.ask('in chunks', { method: 'PUT', at, headers, body: manifestWith(), chunked: true });
  },

  async 'a manifest with a subject, and the referrers of it'(...scene) {
    const subject = descriptor(imageManifest, manifestWith());
    const artifact = manifestWith({ artifactType: 'application/vnd.test', subject });
    const referrers =
      (query: string): Scene =>
      async ({ ask }, repository) => {
        const at = `${repository}/referrers/${digestOf(manifestWith())}${query}`;
        await ask(`the referrers ${query}`, { method: 'GET', at });
      };
    await inOrder(
      [
        referrers(''),
        putParts,
        put('the image', 'v1', manifestWith()),
        referrers(''),
        put('its referrer', digestOf(artifact), artifact),
        referrers(''),
        referrers('?artifactType=application/vnd.test'),
        referrers('?artifactType=application/vnd.other'),
      ],
      ...scene,
    );
  },

  async 'a manifest under tags in its query'(...scene) {
    const manifest = manifestWith();
    const digest = digestOf(manifest);
    await inOrder(
      [
        putParts,
        put('the manifest under two tags', `${digest}?tag=a&tag=b`, manifest),
        read('a', imageManifest),
        put('a tag and a tag', 'c?tag=d', manifest),
        read('d', imageManifest),
      ],
      ...scene,
    );
  },

  async 'the list of tags'(witness, repository) {
    const { ask } = witness;
    const list = (query: string) =>
      ask(`the tags ${query}`, { method: 'GET', at: `${repository}/tags/list${query}` });
    await list('');
    await putParts(witness, repository);
    for (const tag of ['b', 'c', 'a'])
      await put(`the image as ${tag}`, tag, manifestWith())(witness, repository);
    for (const query of ['', '?n=2', '?n=2&last=b', '?last=a', '?n=3', '?n=3&last=c', '?n=many']) {
      await list(query);
    }
  },

  async 'a name that is none'({ ask }) {
    for (const name of ['Capital', '-a', 'a_-b', 'a-', 'a.b_c__d--e/f']) {
      await ask(`an upload to ${name}`, { method: 'POST', at: `${name}/blobs/uploads/` });
    }
  },
};
