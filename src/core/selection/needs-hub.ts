import * as v from 'valibot';
import { folderOf, nameOf } from '../file-path.ts';
import { formatModelId, type ModelId, type Sibling } from '../model.ts';
import { nameMap } from '../name-map.ts';
import { mainFormat } from './copy-rules.ts';
import { onOneLine } from './sized-list.ts';

/** Something that a server must fetch from the Hub when it loads the image. */
export interface HubNeed {
  readonly code: 'needs-hub' | 'needs-base-model';
  readonly message: string;
}

/** Documents that servers read and that can name another repository. */
export function canNeedHub(path: string): boolean {
  return /^(?:config|(?:tokenizer|processor|preprocessor)_config)\.json$/.test(path) || isAdapter(path);
}

function isAdapter(path: string): boolean {
  return nameOf(path) === 'adapter_config.json';
}

export function hubNeeds(
  id: ModelId,
  kept: readonly Sibling[],
  documents: ReadonlyMap<string, unknown>,
): readonly HubNeed[] {
  const needs = kept.flatMap(({ path }) => {
    const document = documents.get(path);
    if (document === undefined || !canNeedHub(path)) return [];
    return isAdapter(path) ? baseModel(id, path, document, kept) : foreignParts(id, path, document);
  });
  // A tokenizer and its model usually name the same repository.
  return [...new Map(needs.map((need) => [need.message, need])).values()];
}

/** Parts that the code of a model loads from the repository that its config names: LLaVA, Ultravox. */
const PARTS = [
  ['mm_vision_tower', 'a vision tower'],
  ['vision_tower', 'a vision tower'],
  ['audio_model_id', 'an audio encoder'],
  ['text_model_id', 'a language model'],
] as const;

const config = v.looseObject({ auto_map: v.fallback(v.optional(nameMap(v.unknown())), undefined) });

/** `other/repository--module.Class`: https://huggingface.co/docs/transformers/custom_models */
function foreignParts(id: ModelId, path: string, document: unknown): readonly HubNeed[] {
  const read = v.safeParse(config, document);
  if (!read.success) return [];
  const values = [...(read.output.auto_map?.values() ?? [])].flat();
  const code = values.flatMap((value) => {
    const end = typeof value === 'string' ? value.indexOf('--') : -1;
    return end > 0 ? [String(value).slice(0, end)] : [];
  });
  const parts = PARTS.flatMap(([key, what]) => {
    const name = read.output[key];
    return typeof name === 'string' && HUB_NAME.test(name) ? [{ name, what }] : [];
  });
  return [...[...new Set(code)].map((name) => ({ name, what: 'code' })), ...parts]
    .filter(({ name }) => !isSame(id, name))
    .map(({ name, what }) => ({
      code: 'needs-hub',
      message: `${path} takes ${what} from ${shown(name)}, so a server needs the Hub when it loads the model`,
    }));
}

const HUB_NAME = /^\w[\w.-]*\/[\w.-]+$/;

const adapterConfig = v.object({ base_model_name_or_path: v.pipe(v.string(), v.minLength(1)) });

function baseModel(
  id: ModelId,
  path: string,
  document: unknown,
  kept: readonly Sibling[],
): readonly HubNeed[] {
  const read = v.safeParse(adapterConfig, document);
  if (!read.success) return [];
  const base = read.output.base_model_name_or_path;
  if (isSame(id, base) || hasModel(kept, folderOf(path)) || hasModel(kept, '')) return [];
  const folder = `${base.replace(/^\.\//, '').replace(/\/$/, '')}/`;
  if (hasModel(kept, folder)) return [];
  return [
    {
      code: 'needs-base-model',
      message: `${onOneLine(path)} is an adapter for ${shown(base)}, which is not in the image`,
    },
  ];
}

/** Whether a folder has the weights of a whole model. */
function hasModel(kept: readonly Sibling[], folder: string): boolean {
  return kept.some(({ path }) => folderOf(path) === folder && mainFormat(path) !== undefined);
}

function isSame(id: ModelId, name: string): boolean {
  return formatModelId(id).toLowerCase() === name.toLowerCase();
}

function shown(name: string): string {
  return onOneLine(name.length > 200 ? `${name.slice(0, 200)}…` : name);
}
