import { isAbsolute, sep } from 'node:path';
import type { FoundCredentials, NoCredentials } from '../core/registry-credentials.ts';
import { findInAuthFile, type NamedHelper } from './auth-file.ts';
import { authPlaces, type CredentialPlaces } from './auth-places.ts';
import { askHelper, helperError, programOf } from './credential-helper.ts';
import { type Reading, readPlace } from './read-place.ts';

/**
 * The first of the places that has something for `host/repository`.
 *
 * @param signal stops a running credential helper
 * @throws ModelcarError `USAGE` when a file is damaged, or was named by the user and cannot be read; `UNAUTHORIZED` when
 *   a helper fails that a file names
 */
export async function findCredentials(
  host: string,
  repository: string,
  places: CredentialPlaces,
  signal?: AbortSignal,
): Promise<FoundCredentials | NoCredentials> {
  const search: Search = {
    host,
    places,
    signal,
    lookedIn: [],
    warnings: [],
    unusable: new Map(),
  };
  for (const place of authPlaces(places)) {
    const found = await lookIn(await readPlace(place), repository, search);
    if (found !== undefined) return withWarnings(found, search);
  }
  return withWarnings({ lookedIn: search.lookedIn }, search);
}

/** What one search has seen so far. */
interface Search {
  readonly host: string;
  readonly places: CredentialPlaces;
  readonly signal: AbortSignal | undefined;
  readonly lookedIn: string[];
  readonly warnings: string[];
  /** Files that exist and cannot be read, by the reason. */
  readonly unusable: Map<string, readonly string[]>;
}

async function lookIn(
  reading: Reading,
  repository: string,
  search: Search,
): Promise<FoundCredentials | undefined> {
  const { name } = reading;
  if (reading.kind === 'unusable') {
    search.unusable.set(reading.why, [...(search.unusable.get(reading.why) ?? []), name]);
    return note(name, reading.why, search);
  }
  if (reading.warning !== undefined) search.warnings.push(reading.warning);
  if (reading.kind === 'absent') return note(name, reading.why, search);
  const found = findInAuthFile(reading.file, search.host, repository);
  if (found === undefined) return note(name, `no entry for ${search.host}`, search);
  return found.kind === 'helper' ? askNamedHelper(found, name, search) : { credentials: found, origin: name };
}

/**
 * A helper for all registries (`credsStore`) that is not installed, in a file that knows no login at this registry, is
 * the trace of another machine's Docker Desktop: the search goes on, because the registry may want no account.
 */
async function askNamedHelper(
  { name, server, expected }: NamedHelper,
  origin: string,
  search: Search,
): Promise<FoundCredentials | undefined> {
  const answer = await askHelper(name, server, { env: search.places.env, signal: search.signal });
  if (answer.kind === 'found') {
    return { credentials: answer.credentials, origin: `${programOf(name)} (${origin})` };
  }
  if (answer.kind === 'nothing') {
    return note(origin, `${programOf(name)} has nothing for ${search.host}`, search);
  }
  if (answer.kind !== 'not installed' || expected) throw helperError(name, server, origin, answer);
  search.warnings.push(
    `${origin} names ${programOf(name)} for all registries (credsStore), and it is not installed; remove that line, or log in again`,
  );
  return note(origin, `${programOf(name)} is not installed`, search);
}

function note(name: string, why: string, { places: { home }, lookedIn }: Search): undefined {
  lookedIn.push(`${withTilde(name, home)} (${why})`);
}

/** Shorter, and it keeps the user's name out of a log. */
function withTilde(path: string, home: string): string {
  const folder = home.endsWith(sep) ? home : home + sep;
  return isAbsolute(home) && folder !== sep && path.startsWith(folder)
    ? `~${sep}${path.slice(folder.length)}`
    : path;
}

function withWarnings<T extends FoundCredentials | NoCredentials>(result: T, search: Search): T {
  const unusable = [...search.unusable].map(
    ([why, paths]) => `cannot read the registry credentials in ${paths.join(', ')}: ${why}`,
  );
  const warnings = [...unusable, ...search.warnings];
  return warnings.length === 0 ? result : { ...result, warnings };
}
