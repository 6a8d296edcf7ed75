import { nameOf } from '../file-path.ts';
import { groupBy } from '../group-by.ts';
import type { Sibling } from '../model.ts';

/** Whether a file holds a model in GGUF, whole or in raw parts. An importance matrix (`imatrix`) is for quantising. */
export function isGguf(path: string): boolean {
  const name = nameOf(path).toLowerCase();
  return (name.endsWith('.gguf') && !name.endsWith('imatrix.gguf')) || isRawPart(path);
}

/** A GGUF file cut by bytes, such as `m.gguf.part1of2` or `m.gguf-split-a`. No program loads it before it is joined. */
export function isRawPart(path: string): boolean {
  return RAW_PART.test(nameOf(path));
}

const RAW_PART = /\.gguf[.-](?:part|split)[^/]*$/i;

/** The projector of a multimodal model: llama.cpp reads it beside any quantisation. */
function isProjector(path: string): boolean {
  return /mmproj/i.test(nameOf(path));
}

/** A quantisation: a file, all files of a split set, or all raw parts of a file. */
type Quantisation = readonly Sibling[];

/**
 * The quantisations of each part of a model in GGUF, smallest first. A part is what has its own name before the precision:
 * `m-Q4_0.gguf` and `vocoder-m-Q4_0.gguf` are two parts, and a server needs both. Where a name has no precision that we
 * know, or one name begins as another does, nothing proves that there are two parts.
 */
export function quantisedParts(siblings: readonly Sibling[]): readonly (readonly Quantisation[])[] {
  const sets = quantisations(siblings);
  const named = sets.map((set) => ({ set, name: partName(set[0]?.path ?? '') }));
  if (named.some(({ name }) => name === undefined)) return [sets];
  const starts = beginnings(named.map(({ name = '' }) => name));
  return [...groupBy(named, ({ name = '' }) => starts.get(name)).values()].map((part) =>
    part.map(({ set }) => set),
  );
}

/** For each name the shortest one that it begins with. Sorted, the names that begin alike are neighbours. */
function beginnings(names: readonly string[]): ReadonlyMap<string, string> {
  let start: string | undefined;
  const starts = new Map<string, string>();
  for (const name of [...new Set(names)].sort()) {
    if (start === undefined || !name.startsWith(start)) start = name;
    starts.set(name, start);
  }
  return starts;
}

/** The path before the precision, without folders that only name a precision; undefined if it has none. */
function partName(path: string): string | undefined {
  const file = nameOf(path).toLowerCase();
  const end = file.search(PRECISION);
  if (end === -1) return undefined;
  const folders = path.toLowerCase().split('/').slice(0, -1);
  const folder = folders.filter((name) => name !== 'gguf' && !PRECISION.test(name)).map((name) => `${name}/`);
  return folder.join('') + file.slice(0, end);
}

/** Publishers write `m-Q4_K_M`, `m.i1-IQ1_S`, `m-UD-Q2_K_XL`, `m-bf16`, `m-mxfp4`. */
const PRECISION =
  /(?:^|[-_. ])(?:(?:ud|i1)-)?(?:i?q\d|tq\d|i2_s|b?f16|f32|f64|fp\d|(?:mx|nv)fp\d|int\d|[2-8]bit)/;

/** https://github.com/ggml-org/llama.cpp/blob/master/docs/multimodal.md */
function quantisations(siblings: readonly Sibling[]): readonly Quantisation[] {
  const models = siblings.filter(({ path }) => isGguf(path) && !isProjector(path));
  const sets = groupBy(models, ({ path }) =>
    isRawPart(path) ? path.replace(RAW_PART, '.gguf in parts') : path.replace(SPLIT_END, '-of-$1'),
  );
  const size = (files: readonly Sibling[]) => files.reduce((sum, file) => sum + file.size, 0);
  return [...sets.values()].sort((a, b) => size(a) - size(b));
}

/** `-00001-of-00003.gguf`, as llama.cpp splits. */
const SPLIT_END = /-\d{5}-of-(\d{5}\.gguf)$/i;
