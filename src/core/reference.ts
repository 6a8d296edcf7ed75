import { type Digest, parseDigest } from './digest.ts';
import { ModelcarError } from './error.ts';
import { quoted } from './quoted.ts';

/** Where a registry is reached. */
export interface RegistryHost {
  readonly scheme: 'http' | 'https';
  /** `host` or `host:port`, as it stands in references. */
  readonly host: string;
}

/** What the user named as the target, without the tag that may be derived from the commit. */
export type TargetLocation =
  | { readonly kind: 'registry'; readonly registry: RegistryHost; readonly repository: string }
  | { readonly kind: 'layout'; readonly folder: string };

export interface ImageReference {
  readonly location: TargetLocation;
  readonly tag: string | undefined;
}

/** What a manifest is asked for by: a tag, which can move, or the digest of its exact bytes. */
export type ManifestName = { readonly tag: string } | { readonly digest: Digest };

/** An image that is there already. */
export interface StoredReference {
  readonly location: TargetLocation;
  readonly name: ManifestName | undefined;
}

// OCI distribution-spec, spec.md, "Pulling manifests".
const REPOSITORY = /^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*$/;
const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;
const HOST = /^(\[[0-9a-fA-F:.]+\]|[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?)(:\d{1,5})?$/;
const LOOPBACK = /^(localhost|127(?:\.\d{1,3}){3}|\[::1\])(:\d+)?$/i;

const LAYOUT = 'oci:';

/**
 * `[http://|https://]registry/repository[:tag]`, or `oci:FOLDER[:tag]` for an OCI image layout.
 * @throws ModelcarError `USAGE`
 */
export function parseImageReference(text: string): ImageReference {
  refuseUserinfo(text);
  if (text.startsWith(LAYOUT)) return parseLayoutReference(text.slice(LAYOUT.length));
  if (text.startsWith('docker://'))
    throw malformed(text, 'it has a scheme of skopeo', 'Leave out docker://.');
  const { scheme, rest } = splitScheme(text);
  const slash = rest.indexOf('/');
  if (slash === -1) throw malformed(text, 'there is no repository after the registry');
  const host = rest.slice(0, slash);
  if (scheme === '' && !/[.:]/.test(host) && host !== 'localhost') {
    throw malformed(
      text,
      `${quoted(host)} does not look like a registry`,
      `Put a registry in front: docker.io/${rest}`,
    );
  }
  refuseDigest(text);
  const { name, tag } = splitTag(rest.slice(slash + 1));
  return {
    location: registryLocation(scheme + host, name),
    tag: tag === undefined ? undefined : parseTag(tag),
  };
}

/**
 * The same, and with `@sha256:…` instead of the tag or after it, as results print it. Where both are there the digest
 * counts, as in docker.
 * @throws ModelcarError `USAGE`
 */
export function parseStoredReference(text: string): StoredReference {
  refuseUserinfo(text);
  const { name, digest } = splitDigest(text);
  const { location, tag } = parseImageReference(name);
  if (digest !== undefined) return { location, name: { digest } };
  return { location, name: tag === undefined ? undefined : { tag } };
}

/** How people and tools write an image: the inverse of {@link parseStoredReference}. */
export function formatReference(location: TargetLocation, name?: ManifestName): string {
  const place =
    location.kind === 'layout'
      ? `${LAYOUT}${location.folder}`
      : `${location.registry.host}/${location.repository}`;
  if (name === undefined) return place;
  return 'tag' in name ? `${place}:${name.tag}` : `${place}@${name.digest}`;
}

/** The flag form: `--registry [scheme]host[:port]` or `oci:FOLDER`, and `--target-repo`. */
export function parseTargetLocation(registry: string, repository: string | undefined): TargetLocation {
  refuseUserinfo(registry);
  if (registry.startsWith(LAYOUT)) {
    if (repository !== undefined) {
      throw new ModelcarError('USAGE', 'an OCI image layout has no repositories', {
        hint: 'Leave out --target-repo.',
      });
    }
    return parseFolder(registry.slice(LAYOUT.length));
  }
  if (repository === undefined) {
    throw new ModelcarError('USAGE', `no repository is named for the registry ${registry}`, {
      hint: 'Add --target-repo, or write registry/repository as one argument.',
    });
  }
  return registryLocation(registry.replace(/\/$/, ''), repository);
}

export function isTag(text: string): boolean {
  return TAG.test(text);
}

/** @throws ModelcarError `USAGE` unless `text` is a tag by the distribution-spec */
export function parseTag(text: string): string {
  if (isTag(text)) return text;
  throw new ModelcarError('USAGE', `${quoted(text)} is not a tag`, { hint: tagHint(text) });
}

function tagHint(text: string): string {
  const { name, tag } = splitTag(text);
  if (tag !== undefined && name.includes('/') && !text.includes('@') && isTag(tag))
    return `Give only the tag: ${tag}`;
  const possible = text.replace(/[^a-zA-Z0-9._-]+/g, '-').replace(/^[.-]+|-+$/g, '');
  // An @ may follow a password, which `quoted` hides and a hint must not repeat.
  return text.length <= 128 && !text.includes('@') && isTag(possible)
    ? `Use letters, digits, dots, dashes and underscores, as in ${possible}`
    : 'Use up to 128 letters, digits, dots, dashes and underscores, and begin with a letter, digit or underscore.';
}

function registryLocation(registry: string, repository: string): TargetLocation {
  const { scheme, rest: host } = splitScheme(registry);
  refuseUserinfo(repository);
  // The pattern alone lets a port of 99999 through, and brackets round what is no address.
  if (!HOST.test(host) || !URL.canParse(`https://${host}`))
    throw malformed(`${registry}/${repository}`, `${quoted(host)} is not a registry host`);
  if (!REPOSITORY.test(repository) || host.length + repository.length > 255) {
    throw malformed(
      `${registry}/${repository}`,
      `${quoted(repository)} is not a repository name`,
      repositoryHint(repository),
    );
  }
  // Docker's convention: a registry on this machine speaks plain HTTP, any other does not unless told so.
  const secure = scheme === '' ? !LOOPBACK.test(host) : scheme === 'https://';
  return { kind: 'registry', registry: { scheme: secure ? 'https' : 'http', host }, repository };
}

function repositoryHint(repository: string): string | undefined {
  if (repository === '') return undefined;
  const { name, tag } = splitTag(repository);
  if (tag !== undefined && REPOSITORY.test(name) && isTag(tag))
    return `Write the repository as ${name}, and give the tag ${tag} by itself`;
  const possible = repository
    .toLowerCase()
    .replace(/\/{2,}/g, '/')
    .replace(/^\/|\/$/g, '');
  if (possible !== repository && REPOSITORY.test(possible)) return `Write the repository as ${possible}`;
  return 'Use lower-case letters and digits, separated by single dots, dashes, underscores or slashes.';
}

function splitScheme(text: string): { scheme: '' | 'http://' | 'https://'; rest: string } {
  for (const scheme of ['http://', 'https://'] as const) {
    if (text.startsWith(scheme)) return { scheme, rest: text.slice(scheme.length) };
  }
  return { scheme: '', rest: text };
}

/**
 * What stands before an @ that begins no digest is a secret, so it is not repeated in any message; a slash in it makes it
 * none the less one. The folder of a layout may have an @ in its name, but has no `//` in front.
 */
function refuseUserinfo(text: string): void {
  if (text.startsWith(LAYOUT) && !text.startsWith(`${LAYOUT}//`)) return;
  if (!/@(?!sha\d+:)/i.test(text)) return;
  throw new ModelcarError('USAGE', 'the target contains a user name or password', {
    hint: 'Set OCI_USERNAME and OCI_PASSWORD instead; in front of a tag write a colon, not an @.',
  });
}

function parseLayoutReference(text: string): ImageReference {
  // As skopeo reads it: the tag follows the last colon, unless that colon is part of the path.
  const { name, tag } = splitTag(text);
  return { location: parseFolder(name), tag: tag === undefined ? undefined : parseTag(tag) };
}

function parseFolder(folder: string): TargetLocation {
  if (folder === '' || folder.includes('\0') || folder.includes(':')) {
    throw new ModelcarError(
      'USAGE',
      `${quoted(LAYOUT + folder)} does not name a folder for an OCI image layout`,
      {
        hint: 'Write oci:FOLDER or oci:FOLDER:TAG; the folder itself cannot contain a colon.',
      },
    );
  }
  return { kind: 'layout', folder };
}

function refuseDigest(text: string): void {
  if (!text.includes('@')) return;
  throw new ModelcarError('USAGE', `${quoted(text)} names a digest, which nobody knows before the push`, {
    hint: 'Leave out @sha256:…; the digest is part of the result.',
  });
}

/** A folder may have an @ in its name; in front of a digest it is none of the name. */
function splitDigest(text: string): { name: string; digest: Digest | undefined } {
  const [found, digest] = /@(sha\d+:[^/@]*)$/i.exec(text) ?? [];
  if (found === undefined || digest === undefined) return { name: text, digest: undefined };
  return { name: text.slice(0, -found.length), digest: parseDigest(digest) };
}

function splitTag(text: string): { name: string; tag: string | undefined } {
  const colon = text.lastIndexOf(':');
  if (colon <= text.lastIndexOf('/')) return { name: text, tag: undefined };
  return { name: text.slice(0, colon), tag: text.slice(colon + 1) };
}

function malformed(text: string, reason: string, hint?: string): ModelcarError {
  return new ModelcarError('USAGE', `${quoted(text)} is not an image reference: ${reason}`, {
    hint: hint ?? 'Write registry/repository[:tag], such as ghcr.io/acme/llama:v1, or oci:FOLDER[:tag].',
  });
}
