import { describe, expect, test } from 'vitest';
import { secret } from '../../test/support/secrets.ts';
import { ModelcarError } from './error.ts';
import {
  formatReference,
  parseImageReference,
  parseStoredReference,
  parseTag,
  parseTargetLocation,
} from './reference.ts';

const DIGEST = `sha256:${'0'.repeat(64)}`;

describe('a reference', () => {
  test.each([
    ['ghcr.io/acme/llama', 'https', 'ghcr.io', 'acme/llama', undefined],
    ['ghcr.io/acme/llama:v1', 'https', 'ghcr.io', 'acme/llama', 'v1'],
    ['registry.example:5000/a', 'https', 'registry.example:5000', 'a', undefined],
    ['localhost/a:t', 'http', 'localhost', 'a', 't'],
    ['localhost:5000/a/b', 'http', 'localhost:5000', 'a/b', undefined],
    ['127.0.0.1:5000/a', 'http', '127.0.0.1:5000', 'a', undefined],
    ['127.8.9.1/a', 'http', '127.8.9.1', 'a', undefined],
    ['[::1]:5000/a:t', 'http', '[::1]:5000', 'a', 't'],
    ['[::1]/a', 'http', '[::1]', 'a', undefined],
    ['[2001:db8::1]:5000/a', 'https', '[2001:db8::1]:5000', 'a', undefined],
    ['https://localhost:5000/a', 'https', 'localhost:5000', 'a', undefined],
    ['http://registry/a:t', 'http', 'registry', 'a', 't'],
    ['127.0.0.1.example.com/a', 'https', '127.0.0.1.example.com', 'a', undefined],
  ] as const)('%s', (text, scheme, host, repository, tag) => {
    expect(parseImageReference(text)).toEqual({
      location: { kind: 'registry', registry: { scheme, host }, repository },
      tag,
    });
  });

  test.each([
    ['oci:out', 'out', undefined],
    ['oci:./out/model:v1', './out/model', 'v1'],
    ['oci:/tmp/x:latest', '/tmp/x', 'latest'],
    ['oci:/tmp/a@b:t', '/tmp/a@b', 't'],
  ])('%s', (text, folder, tag) => {
    expect(parseImageReference(text)).toEqual({ location: { kind: 'layout', folder }, tag });
  });

  test.each([
    ['llama', 'no repository'],
    ['docker://ghcr.io/acme/llama', 'scheme of skopeo'],
    ['acme/llama', 'does not look like a registry'],
    ['ghcr.io/', 'not a repository name'],
    ['ghcr.io/Acme/llama', 'not a repository name'],
    ['ghcr.io/acme//llama', 'not a repository name'],
    ['ghcr.io/acme/../llama', 'not a repository name'],
    ['ghcr.io/acme/llama:', 'not a tag'],
    ['ghcr.io/acme/llama:-v1', 'not a tag'],
    [`ghcr.io/acme/llama@${DIGEST}`, 'digest'],
    ['gh cr.io/acme/llama', 'not a registry host'],
    ['oci:', 'does not name a folder'],
    ['oci:a:b:c', 'does not name a folder'],
    [`ghcr.io/${'a/'.repeat(130)}a`, 'not a repository name'],
  ])('%s is refused', (text, reason) => {
    expect(() => parseImageReference(text)).toThrow(reason);
    expect(() => parseImageReference(text)).toThrow(expect.objectContaining({ code: 'USAGE' }));
  });

  test.each(['user:secret@ghcr.io/a', 'https://user:secret@ghcr.io/a'])(
    '%s is refused without repeating it',
    (text) => {
      expect(() => parseImageReference(text)).toThrow('contains a user name or password');
    },
  );

  test('an unqualified name is answered with what was probably meant', () => {
    expect(() => parseImageReference('acme/llama')).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('docker.io/acme/llama') }),
    );
  });
});

describe('the hint says what to type', () => {
  test.each([
    ['ghcr.io/Acme/Llama', 'Write the repository as acme/llama'],
    ['ghcr.io/acme/llama/', 'Write the repository as acme/llama'],
    ['ghcr.io/acme//llama:v1', 'Write the repository as acme/llama'],
    ['ghcr.io/', 'Write registry/repository[:tag], such as ghcr.io/acme/llama:v1, or oci:FOLDER[:tag].'],
    ['ghcr.io/acme/_llama', expect.stringMatching(/^Use lower-case letters/)],
    ['ghcr.io/acme/llama:v1+cu124', expect.stringMatching(/, as in v1-cu124$/)],
    ['ghcr.io/acme/llama:-v1', expect.stringMatching(/, as in v1$/)],
    ['ghcr.io/acme/llama:', expect.stringMatching(/^Use up to 128/)],
    [`ghcr.io/acme/llama:+${'x'.repeat(128)}`, expect.stringMatching(/^Use up to 128/)],
  ])('for %s', (text, hint) => {
    expect(() => parseImageReference(text)).toThrow(expect.objectContaining({ hint }));
  });

  test('for a repository that has a tag', () => {
    expect(() => parseTargetLocation('ghcr.io', 'acme/llama:v1')).toThrow(
      expect.objectContaining({ hint: 'Write the repository as acme/llama, and give the tag v1 by itself' }),
    );
  });

  test('for a tag behind an @', () => {
    expect(() => parseImageReference('ghcr.io/acme/llama@v1')).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('write a colon, not an @') }),
    );
  });

  test.each([
    ['feature/x', expect.stringMatching(/, as in feature-x$/)],
    ['ghcr.io/acme/llama:v1', 'Give only the tag: v1'],
  ])('for %s in place of a tag', (text, hint) => {
    expect(() => parseTag(text)).toThrow(expect.objectContaining({ hint }));
  });
});

describe('a reference to what is there', () => {
  test.each([
    ['ghcr.io/acme/llama', undefined],
    ['ghcr.io/acme/llama:v1', { tag: 'v1' }],
    [`ghcr.io/acme/llama@${DIGEST}`, { digest: DIGEST }],
    [`[::1]:5000/a@${DIGEST}`, { digest: DIGEST }],
    ['oci:/tmp/x:v1', { tag: 'v1' }],
    [`oci:/tmp/x@${DIGEST}`, { digest: DIGEST }],
    ['oci:/tmp/a@b', undefined],
    [`oci:/tmp/a@b@${DIGEST}`, { digest: DIGEST }],
  ])('%s reads and writes the same', (text, name) => {
    const reference = parseStoredReference(text);
    expect(reference.name).toEqual(name);
    expect(formatReference(reference.location, reference.name)).toBe(text);
  });

  test('with a tag and a digest is the digest', () => {
    const { location, name } = parseStoredReference(`ghcr.io/acme/llama:v1@${DIGEST}`);
    expect(formatReference(location, name)).toBe(`ghcr.io/acme/llama@${DIGEST}`);
  });

  test.each([
    ['ghcr.io/a@sha256:123', 'not a digest'],
    [`ghcr.io/a@${DIGEST.toUpperCase()}`, 'not a digest'],
    [`ghcr.io/a@sha256:${'A'.repeat(64)}`, 'not a digest'],
    [`ghcr.io/a@sha512:${'0'.repeat(128)}`, 'not a digest'],
    [`ghcr.io/Acme@${DIGEST}`, 'not a repository name'],
    [`@${DIGEST}`, 'not an image reference'],
  ])('%s is refused', (text, reason) => {
    expect(() => parseStoredReference(text)).toThrow(reason);
    expect(() => parseStoredReference(text)).toThrow(expect.objectContaining({ code: 'USAGE' }));
  });

  test('a user name in it is refused without repeating it', () => {
    expect(() => parseStoredReference(`user:secret@ghcr.io/a@${DIGEST}`)).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('secret') }),
    );
  });
});

describe('the flag form', () => {
  test('takes a registry with or without a scheme and slash', () => {
    const location = {
      kind: 'registry',
      registry: { scheme: 'https', host: 'ghcr.io' },
      repository: 'acme/llama',
    };
    expect(parseTargetLocation('ghcr.io', 'acme/llama')).toEqual(location);
    expect(parseTargetLocation('https://ghcr.io/', 'acme/llama')).toEqual(location);
  });

  test('an explicit scheme overrides what the host would mean', () => {
    expect(parseTargetLocation('http://ghcr.io', 'a')).toMatchObject({ registry: { scheme: 'http' } });
  });

  test('a layout has no repositories', () => {
    expect(parseTargetLocation('oci:out', undefined)).toEqual({ kind: 'layout', folder: 'out' });
    expect(() => parseTargetLocation('oci:out', 'a')).toThrow('no repositories');
  });

  test('a registry needs one', () => {
    expect(() => parseTargetLocation('ghcr.io', undefined)).toThrow('no repository');
  });
});

test.each(['v1', '_', 'A.b-c_1', 'x'.repeat(128)])('%s is a tag', (tag) => {
  expect(parseTag(tag)).toBe(tag);
});

test.each(['', '.x', '-x', 'a b', 'a/b', 'x'.repeat(129), 'ü'])('"%s" is no tag', (tag) => {
  expect(() => parseTag(tag)).toThrow('is not a tag');
});

describe('a password in a target is refused and never shown', () => {
  const password = secret('password');
  const texts = [
    `docker://bob:${password}@ghcr.io/acme/x`,
    `oci://bob:${password}@ghcr.io/acme/x`,
    `ftp://bob:${password}@ghcr.io/acme/x:v1`,
    `https://bob:hun/${password}@ghcr.io/acme/x`,
    `bob:hun/${password}@ghcr.io/acme/x`,
    `bob:${password}@ghcr.io`,
    `docker://bob:${password}@ghcr.io/x@${DIGEST}`,
    `https://bob:a@sha1:${password}@ghcr.io`,
  ];
  const shown = (parse: () => unknown): string => {
    try {
      parse();
    } catch (error) {
      if (error instanceof ModelcarError) return `${error.message} ${error.hint}`;
    }
    throw new Error('it was not refused');
  };

  test.each(texts)('%#', (text) => {
    const refusals = [
      () => parseImageReference(text),
      () => parseStoredReference(text),
      () => parseTargetLocation(text, undefined),
      () => parseTargetLocation(text, 'acme/x'),
      () => parseTargetLocation('ghcr.io', text),
    ];
    for (const parse of refusals) {
      expect(shown(parse)).toContain('contains a user name or password');
      expect(shown(parse)).not.toContain(password);
    }
  });
});
