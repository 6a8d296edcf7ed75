import fc from 'fast-check';
import { expect, test } from 'vitest';
import { anyText, asBody, oddJson as odd } from '../../test/support/arbitrary-text.ts';
import { isDigest } from './digest.ts';
import { parseDiffIds, parseManifest } from './manifest.ts';

const text = fc.oneof(anyText(8), odd);

test('whatever is stored as a manifest, it is read as an image, as an index or not at all, never as both', () => {
  const digest = fc.oneof(fc.constant(`sha256:${'a'.repeat(64)}`), text);
  const descriptor = fc.oneof(
    fc.record(
      { mediaType: text, digest, size: fc.oneof(fc.nat(), odd), annotations: odd },
      { requiredKeys: [] },
    ),
    odd,
  );
  const list = fc.oneof(fc.array(descriptor, { maxLength: 2 }), odd);
  const document = fc.record(
    {
      schemaVersion: fc.oneof(fc.constant(2), odd),
      mediaType: text,
      config: descriptor,
      layers: list,
      manifests: list,
      rootfs: fc.record({ diff_ids: list }),
    },
    { requiredKeys: ['schemaVersion'] },
  );
  fc.assert(
    fc.property(asBody(document), (body) => {
      const parsed = parseManifest(Buffer.from(body));
      const descriptors =
        parsed?.kind === 'manifest' ? [parsed.config, ...parsed.layers] : (parsed?.manifests ?? []);
      for (const one of descriptors)
        expect(isDigest(one.digest) && Number.isSafeInteger(one.size) && one.size >= 0).toBe(true);
      if (parsed !== undefined) {
        const { manifests, layers, config } = JSON.parse(body);
        expect((manifests !== undefined) === (layers !== undefined || config !== undefined)).toBe(false);
      }
      for (const id of parseDiffIds(Buffer.from(body)) ?? []) expect(typeof id).toBe('string');
    }),
    { numRuns: 500 },
  );
});
