import * as v from 'valibot';
import { folderOf, nameOf } from '../file-path.ts';
import { groupBy } from '../group-by.ts';
import type { Sibling } from '../model.ts';
import { nameMap } from '../name-map.ts';
import { parseWeightName, type WeightName } from './weight-name.ts';

/** All files of one stem, precision and extension in one folder: one set of shards, or several after several uploads. */
export interface WeightFamily extends Pick<WeightName, 'folder' | 'stem' | 'variant' | 'extension'> {
  readonly sets: readonly WeightSet[];
  readonly index: FamilyIndex | undefined;
}

export interface WeightSet {
  /** Undefined for weights in one file. */
  readonly total: number | undefined;
  readonly siblings: readonly Sibling[];
  readonly missing: Missing;
}

interface FamilyIndex {
  readonly sibling: Sibling;
  /** Paths that the index names; undefined if it was not read or names none. */
  readonly names: ReadonlySet<string> | undefined;
  readonly missing: Missing;
}

export interface Missing {
  readonly count: number;
  readonly total: number;
  /** Paths of the first few. */
  readonly examples: readonly string[];
}

const NONE: Missing = { count: 0, total: 0, examples: [] };
const EXAMPLES = 3;

/** Formats that come in shards. Only these have families. */
const SHARDED = /^(?:safetensors|bin|pt|pth|ckpt|h5|msgpack|gguf|onnx|data)$/;

/** @param documents parsed `*.index.json`, by path; without one, the names decide */
export function weightFamilies(
  siblings: readonly Sibling[],
  documents: ReadonlyMap<string, unknown>,
): readonly WeightFamily[] {
  const paths = new Set(siblings.map(({ path }) => path));
  const named = siblings.map((sibling) => ({ sibling, name: parseWeightName(sibling.path) }));
  const families = groupBy(
    named.filter(({ name }) => SHARDED.test(name.extension)),
    ({ name }) => [name.folder, name.stem, name.variant, name.extension].join('\0'),
  );
  return [...families.values()].flatMap((files) => {
    const [first] = files;
    if (first === undefined) return [];
    const index = files.find(({ name }) => name.index)?.sibling;
    const weights = files.filter(({ name }) => !name.index);
    return [
      {
        ...first.name,
        sets: [...groupBy(weights, ({ name }) => name.shard?.total)].map(([total, members]) => ({
          total,
          siblings: members.map(({ sibling }) => sibling),
          missing: missingShards(members),
        })),
        index: index && readIndex(index, first.name.folder, documents.get(index.path), paths),
      },
    ];
  });
}

/** Whether one whole copy of the weights exists: as the index says, else as `-of-N` says. */
export function isComplete({ sets, index }: WeightFamily): boolean {
  if (index?.names && index.missing.count === 0) return true;
  return sets.some(({ siblings, missing }) => missing.count === 0 && !isNamed(siblings, index));
}

export function isNamed(siblings: readonly Sibling[], index: FamilyIndex | undefined): boolean {
  return siblings.some(({ path }) => index?.names?.has(path));
}

function missingShards(
  members: readonly { readonly sibling: Sibling; readonly name: WeightName }[],
): Missing {
  const shards = members.flatMap(({ name }) => name.shard ?? []);
  const [{ total } = { total: 0 }] = shards;
  const numbers = new Set(shards.map(({ number }) => number));
  // Shards count from 1, or from 0 (gpt-oss has 0 to N, all of them named).
  const first = numbers.has(0) && !numbers.has(total) ? 0 : 1;
  const present = [...numbers].filter((number) => number >= first && number < first + total).length;
  const examples: string[] = [];
  for (let number = first; examples.length < Math.min(EXAMPLES, total - present); number += 1) {
    if (!numbers.has(number)) examples.push(shardPath(members[0]?.sibling.path ?? '', number));
  }
  return { count: total - present, total, examples };
}

/** The same path with another number of as many digits. */
function shardPath(path: string, number: number): string {
  const numbered = (_: string, digits: string) => `-${String(number).padStart(digits.length, '0')}`;
  return folderOf(path) + nameOf(path).replace(/-(\d{1,9})(?=-of-\d)/, numbered);
}

const shardIndex = v.object({ weight_map: nameMap(v.unknown()) });

function readIndex(
  sibling: Sibling,
  folder: string,
  document: unknown,
  paths: ReadonlySet<string>,
): FamilyIndex {
  const read = v.safeParse(shardIndex, document);
  const files = read.success ? [...read.output.weight_map.values()] : [];
  const names = new Set(files.flatMap((name) => (typeof name === 'string' ? [folder + name] : [])));
  if (names.size === 0) return { sibling, names: undefined, missing: NONE };
  const missing = [...names].filter((name) => !paths.has(name));
  return {
    sibling,
    names,
    missing: { count: missing.length, total: names.size, examples: missing.slice(0, EXAMPLES) },
  };
}
