import { isAbsolute, sep } from 'node:path';
import type { FoundCredentials, NoCredentials } from '../core/registry-credentials.ts';
import { findInAuthFile, type NamedHelper } from './auth-file.ts';
import { authPlaces, type CredentialPlaces } from './auth-places.ts';
import { cloudHelpers } from './cloud-helpers.ts';
import { askHelper, type HelperAnswer, helperError, programOf } from './credential-helper.ts';
import { type Reading, readPlace } from './read-place.ts';

/**
 * The account for `host/repository` from the first source that has one, else from the helper of the registry's cloud.
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
    asked: new Set(),
  };
  for (const place of authPlaces(places)) {
    const found = await lookIn(await readPlace(place), repository, search);
    if (found !== undefined) return withWarnings(found, search);
  }
  const found = await askCloudHelpers(search);
  return withWarnings(found ?? { lookedIn: search.lookedIn }, search);
}

/** The state of one search. */
interface Search {
  readonly host: string;
  readonly places: CredentialPlaces;
  readonly signal: AbortSignal | undefined;
  readonly lookedIn: string[];
  readonly warnings: string[];
  /** Files that exist and cannot be read, by the reason. */
  readonly unusable: Map<string, readonly string[]>;
  /** Names of helpers. */
  readonly asked: Set<string>;
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
 * Docker Desktop leaves files that name a helper for all registries (`credsStore`). If it is not installed and the file has
 * no login at this registry, warns and continues the search.
 */
async function askNamedHelper(
  { name, server, expected }: NamedHelper,
  origin: string,
  search: Search,
): Promise<FoundCredentials | undefined> {
  search.asked.add(name);
  const answer = await askHelper(name, server, { env: search.places.env, signal: search.signal });
  if (answer.kind === 'found') {
    return { credentials: answer.credentials, origin: `${programOf(name)} (${origin})` };
  }
  if (answer.kind === 'nothing') {
    return note(origin, `${programOf(name)} has nothing for ${search.host}`, search);
  }
  if (answer.kind !== 'not installed' || expected) throw helperError(name, server, origin, answer);
  search.warnings.push(
    `${origin} names ${programOf(name)} for all registries (credsStore), which is not installed; remove that line, or log in again`,
  );
  return note(origin, `${programOf(name)} is not installed`, search);
}

/** No file names these helpers, so a failure is only a note. */
async function askCloudHelpers(search: Search): Promise<FoundCredentials | undefined> {
  const { host, places, signal, asked } = search;
  for (const name of cloudHelpers(host)) {
    if (asked.has(name)) continue;
    const answer = await askHelper(name, host, { env: places.env, signal });
    if (answer.kind === 'found') {
      const origin = `${programOf(name)} (on PATH, because nothing is configured for ${host})`;
      return { credentials: answer.credentials, origin };
    }
    note(programOf(name), whyNothing(answer, host), search);
  }
  return undefined;
}

function whyNothing(answer: Exclude<HelperAnswer, { kind: 'found' }>, host: string): string {
  if (answer.kind === 'nothing') return `has nothing for ${host}`;
  return answer.kind === 'not installed' ? 'not on PATH' : answer.reason.replace(/\s+/g, ' ');
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
