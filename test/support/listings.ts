import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Sibling } from '../../src/core/model.ts';
import type { Evidence, EvidenceNeeded } from '../../src/core/selection/evidence.ts';

/** A file list of listings.txt, whose header says what the signs mean. */
export interface Listing {
  readonly name: string;
  readonly outcome: 'push' | 'ask' | 'keep-or-ask';
  readonly files: readonly ListedFile[];
}

export interface ListedFile {
  readonly sign: '+' | '-' | '?';
  readonly sibling: Sibling;
  readonly pickle: boolean;
}

const UNITS: Readonly<Record<string, number>> = { '': 1, K: 1e3, M: 1e6, G: 1e9 };
const oid = { algorithm: 'git-sha1', hex: '' } as const;

export const LISTINGS: readonly Listing[] = read();

function read(): readonly Listing[] {
  const text = readFileSync(fileURLToPath(new URL('listings.txt', import.meta.url)), 'utf8');
  return text
    .split(/^== /m)
    .slice(1)
    .map((section) => {
      const [head = '', ...lines] = section.trimEnd().split('\n');
      const [name = '', outcome = 'push'] = head.split(' ');
      if (outcome !== 'push' && outcome !== 'ask' && outcome !== 'keep-or-ask') throw new Error(head);
      return { name, outcome, files: lines.map(readFile) };
    });
}

function readFile(line: string): ListedFile {
  const [, sign, path, size, unit = '', pickle] = /^([+?-]) (.+) (\d+)([KMG]?)( pickle)?$/.exec(line) ?? [];
  if (path === undefined || (sign !== '+' && sign !== '-' && sign !== '?')) throw new Error(line);
  const sibling = { path, size: Number(size) * (UNITS[unit] ?? 1), oid };
  return { sign, sibling, pickle: pickle !== undefined };
}

/** What the Hub would answer of a listed repository. */
export function evidenceOf(files: readonly ListedFile[], needed: EvidenceNeeded): Evidence {
  const pickles = new Set(files.filter(({ pickle }) => pickle).map(({ sibling }) => sibling.path));
  const head = (path: string) =>
    pickles.has(path)
      ? Buffer.from(`PK\x03\x04${'\0'.repeat(22)}\x10\0\0\0archive/data.pkl`)
      : Buffer.alloc(64);
  const paths = files.map(({ sibling }) => sibling.path);
  return {
    heads: new Map(needed.heads.map(({ path }) => [path, head(path)])),
    documents: new Map(
      needed.documents.map(({ path }) => [path, path.includes('.index.') ? indexOf(path, paths) : {}]),
    ),
  };
}

function indexOf(path: string, paths: readonly string[]): unknown {
  const [, stem = '', extension, variant = ''] = /^(.*)\.(\w+)\.index(\.\w+)?\.json$/.exec(path) ?? [];
  const totals = paths.flatMap((other) => {
    if (!other.startsWith(`${stem}${variant}-`)) return [];
    return /-of-(\d+)\.\w+$/.exec(other)?.[1] ?? [];
  });
  const total = totals.sort().at(-1) ?? '00001';
  const zero = paths.includes(`${stem}-00000-of-${total}.${extension}`) ? 0 : 1;
  const names = Array.from({ length: Number(total) + 1 - zero }, (_, at) => {
    const number = String(at + zero).padStart(total.length, '0');
    return `${stem.slice(stem.lastIndexOf('/') + 1)}${variant}-${number}-of-${total}.${extension}`;
  });
  return { metadata: {}, weight_map: Object.fromEntries(names.map((name, at) => [`layer.${at}`, name])) };
}
