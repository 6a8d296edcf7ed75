import { describe, expect, test } from 'vitest';
import { type Digest, sha256 } from '../../src/core/digest.ts';
import { buildImage, type Document } from '../../src/core/image.ts';
import { INDEX, LAYER, MANIFEST } from '../../src/core/media-type.ts';
import type { ImageReader } from '../../src/core/ports.ts';
import { type Validation, validateImage } from '../../src/inspect/validate-image.ts';
import { withinMemory } from '../hostile/endless.ts';
import { indexOf, jsonDocument } from '../support/push-image.ts';

/* `validate` sends a bounded number of requests, whatever documents a registry returns. */

const signal = new AbortController().signal;

interface Registry {
  readonly root: Uint8Array;
  /** Returns the document for a digest. */
  readonly bytesFor: (digest: Digest) => Uint8Array | undefined;
}

/** A registry in memory that counts all requests. It respects the limit of a read, as the real readers do. */
async function validated({ root, bytesFor }: Registry): Promise<Validation & { readonly questions: number }> {
  let questions = 0;
  const give = async (bytes: Uint8Array | undefined, limit: number) => {
    questions += 1;
    return bytes?.subarray(0, limit);
  };
  const reader: ImageReader = {
    listTags: async () => [],
    resolveTag: async () => undefined,
    async readManifest(name, limit) {
      const bytes = await give('digest' in name ? bytesFor(name.digest) : root, limit);
      return bytes && { bytes, digest: undefined, mediaType: undefined };
    },
    readBlob: (digest, limit) => give(bytesFor(digest), limit),
    async findBlob() {
      questions += 1;
      return undefined;
    },
    formatReference: () => 'r.test/a:v1',
    redact: (text) => text,
  };
  const validation = await validateImage(reader, { tag: 'v1' }, signal);
  return { ...validation, questions };
}

/** A registry whose documents match their digests. */
function honest(root: Document, ...documents: readonly Document[]): Registry {
  const stored = new Map(documents.map(({ bytes, descriptor }) => [descriptor.digest, bytes]));
  return { root: root.bytes, bytesFor: (digest) => stored.get(digest) };
}

let counter = 0;
/** An index of `count` manifests that have never been named before. */
function indexOfNew(count: number): Document {
  const manifests = Array.from({ length: count }, () => {
    counter += 1;
    return { mediaType: INDEX, digest: sha256(Buffer.from(String(counter))), size: 1_000_000 };
  });
  return jsonDocument(INDEX, { schemaVersion: 2, manifests });
}

describe('a manifest that does not match its descriptor', () => {
  test.each([3, 3_000])(
    'is reported and not followed, even if each is an index of %i new ones',
    async (count) => {
      const { questions, problems } = await withinMemory(() =>
        validated({ root: indexOfNew(count).bytes, bytesFor: () => indexOfNew(3).bytes }),
      );
      expect(questions).toBe(1 + count);
      expect(problems).toHaveLength(count);
      expect(problems[0]).toMatch(
        /^manifest sha256:\w+ has \d+ bytes, not 1000000; has bytes of the digest sha256:\w+$/,
      );
    },
  );

  test('is not followed back to where it came from', async () => {
    const root = indexOfNew(2);
    const { questions, problems } = await validated({ root: root.bytes, bytesFor: () => root.bytes });
    expect([questions, problems.length]).toEqual([3, 2]);
  });

  test('is read no further than the size of its descriptor', async () => {
    const inner = indexOf(indexOfNew(1));
    const bytes = Buffer.concat([inner.bytes, Buffer.alloc(1_000_000, ' ')]);
    const { questions, problems } = await validated({ root: indexOf(inner).bytes, bytesFor: () => bytes });
    const { digest, size } = inner.descriptor;
    expect(problems).toEqual([`manifest ${digest} has more than the ${size} bytes of its descriptor`]);
    expect(questions).toBe(2);
  });

  test('is not followed if it is the root and was asked for by digest', async () => {
    const registry = honest(indexOfNew(3));
    const reader = { readManifest: async () => ({ bytes: registry.root, digest: undefined, mediaType: '' }) };
    const name = { digest: sha256(Buffer.from('another')) };
    const validation = await validateImage(
      {
        ...reader,
        formatReference: () => 'r.test/a',
        redact: (text: string) => text,
      } as unknown as ImageReader,
      name,
      signal,
    );
    expect(validation).toMatchObject({ blobs: [], problems: [expect.stringContaining('has bytes of')] });
  });
});

describe('an image whose documents match their descriptors', () => {
  const { manifest, config } = buildImage([]);

  /** `levels` nested indexes, outermost first, and the image that they end in. */
  function nested(levels: number): readonly [Document, ...Document[]] {
    let chain: readonly [Document, ...Document[]] = [indexOf(manifest), manifest, config];
    for (let level = 1; level < levels; level += 1) chain = [indexOf(chain[0]), ...chain];
    return chain;
  }

  test.each([1, 2, 4])('is followed through %i levels of indexes', async (levels) => {
    const { problems, blobs } = await validated(honest(...nested(levels)));
    expect(problems).toEqual([]);
    expect(blobs).toHaveLength(levels + 1);
  });

  test.each([5, 400])(
    'of %i levels of indexes is followed through four of them, and says so',
    async (levels) => {
      const { problems, questions } = await validated(honest(...nested(levels)));
      expect(problems).toEqual(['r.test/a:v1 has more than 4 levels of indexes']);
      expect(questions).toBe(5);
    },
  );

  test('of 12,000 manifests is looked at as far as 5,000 of them, and says so', async () => {
    const indexes = [1, 2, 3, 4].map(() => indexOfNew(3_000));
    const { problems, questions } = await validated(honest(indexOf(...indexes), ...indexes));
    expect(questions).toBe(1 + 5_000);
    expect(problems[0]).toBe('r.test/a:v1 has more than 5000 manifests');
    expect(problems).toHaveLength(1 + 5_000 - 4);
  });

  test('of 60,000 layers is looked at as far as 50,000 of them, and says so', async () => {
    const images = Array.from({ length: 6 }, (_, image) =>
      jsonDocument(MANIFEST, {
        schemaVersion: 2,
        config: config.descriptor,
        layers: Array.from({ length: 10_000 }, (_, layer) => ({
          mediaType: LAYER,
          digest: `sha256:${String(10_000 * image + layer).padStart(64, '0')}`,
          size: 1,
        })),
      }),
    );
    const { problems, blobs } = await validated(honest(indexOf(...images), ...images, config));
    expect(problems[0]).toBe('r.test/a:v1 has more than 50000 layers');
    expect(blobs.filter(({ kind }) => kind === 'layer')).toHaveLength(50_000);
  });

  test('has problems of a length that a person can read, whatever its documents say', async () => {
    const long = 'n'.repeat(100_000);
    const layers = Array.from({ length: 40 }, (_, index) => ({
      mediaType: LAYER,
      digest: sha256(Buffer.from(String(index % 20))),
      size: 1,
      annotations: { 'io.github.codanael.modelcar.hf-path': `${index % 20}${long}` },
    }));
    const odd = jsonDocument('application/vnd.oci.image.config.v1+json', {
      rootfs: { diff_ids: layers.map(() => long) },
    });
    const root = jsonDocument(MANIFEST, { schemaVersion: 2, config: odd.descriptor, layers });
    const { problems } = await validated(honest(root, odd));
    expect(problems[0]).toMatch(/ and 10 more$|, and 10 more$/);
    expect(problems[1]).toMatch(/^config .* has the diff ID n{300}… for .*; and 30 more$/);
    for (const problem of problems) expect(problem.length).toBeLessThan(6_000);
  });
});
