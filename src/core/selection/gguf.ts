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

/** The projector of a multimodal model: llama.cpp reads it beside whichever quantisation is served. */
function isProjector(path: string): boolean {
  return /mmproj/i.test(nameOf(path));
}

/**
 * The quantisations among GGUF files, smallest first: a file, all files of a split set, or all raw parts of a file.
 * https://github.com/ggml-org/llama.cpp/blob/master/docs/multimodal.md
 */
export function quantisations(siblings: readonly Sibling[]): readonly (readonly Sibling[])[] {
  const models = siblings.filter(({ path }) => isGguf(path) && !isProjector(path));
  const sets = groupBy(models, ({ path }) =>
    isRawPart(path) ? path.replace(RAW_PART, '.gguf in parts') : path.replace(SPLIT_END, '-of-$1'),
  );
  const size = (files: readonly Sibling[]) => files.reduce((sum, file) => sum + file.size, 0);
  return [...sets.values()].sort((a, b) => size(a) - size(b));
}

/** `-00001-of-00003.gguf`, as llama.cpp splits. */
const SPLIT_END = /-\d{5}-of-(\d{5}\.gguf)$/i;
