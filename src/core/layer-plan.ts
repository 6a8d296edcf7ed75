import { ModelcarError } from './error.ts';
import { overlong, shownPath } from './file-path.ts';
import type { Sibling } from './model.ts';
import { quoted } from './quoted.ts';
import { type TarLayout, tarLayerSize } from './tar-layer.ts';

/** One layer to push. Plain data. */
export interface PlannedLayer {
  readonly sibling: Sibling;
  /** The file's path in the image, without a leading slash. */
  readonly path: string;
  /** Bytes of the layer. */
  readonly size: number;
}

export interface LayerPlanOptions {
  /** The folder of the image that holds the model: empty, or ending in `/`. */
  readonly prefix: string;
  readonly tarLayout: TarLayout;
}

/**
 * The layers of a model in their order: by path, code point by code point, so that the image depends on the model
 * and on nothing else.
 *
 * @throws ModelcarError `REJECTED`, naming the file, if a path is unsafe to unpack, would not show as it is, or collides
 *   with another. So a push fails before the first byte
 */
export function planLayers(siblings: readonly Sibling[], options: LayerPlanOptions): readonly PlannedLayer[] {
  for (const { path } of siblings) refuseUnsafe(path);
  const layers = siblings
    .map((sibling) => ({ sibling, bytes: Buffer.from(sibling.path) }))
    .sort((a, b) => Buffer.compare(a.bytes, b.bytes))
    .map(({ sibling }) => plan(sibling, options));
  if (layers.length === 0) {
    throw new ModelcarError('NOT_FOUND', 'the model has no files at this revision', {
      hint: 'Give the revision that has them.',
    });
  }
  refuseCollisions(layers);
  return layers;
}

/** @throws ModelcarError `USAGE` unless `prefix` is empty or a safe folder ending in `/` */
export function parseLayerPrefix(prefix: string): string {
  if (prefix !== '' && (!prefix.endsWith('/') || unsafe(prefix.slice(0, -1)) !== undefined)) {
    throw new ModelcarError('USAGE', `${quoted(prefix)} cannot be the folder of the model in the image`, {
      hint: 'Give a relative folder that ends in a slash, such as models/.',
    });
  }
  return prefix;
}

function plan(sibling: Sibling, options: LayerPlanOptions): PlannedLayer {
  const path = imagePath(sibling.path, options);
  // The folder of the model counts too.
  const tooLong = overlong(path);
  if (tooLong !== undefined) throw refused(sibling.path, tooLong);
  return { sibling, path, size: tarLayerSize(path, sibling.size, options.tarLayout) };
}

/** The path in the image of a file of the model. */
export function imagePath(path: string, { prefix, tarLayout }: LayerPlanOptions): string {
  // The Python tool kept only the last component of the path.
  return prefix + (tarLayout === 'reference' ? path.slice(path.lastIndexOf('/') + 1) : path);
}

/** Each folder is an entry of the layer; no model nests its files this deep. */
const MOST_COMPONENTS = 100;

/** Whether a file of this path can be in an image. */
export function isSafePath(path: string): boolean {
  return unsafe(path) === undefined;
}

function refuseUnsafe(path: string): void {
  const reason = unsafe(path);
  if (reason !== undefined) throw refused(path, reason);
}

function refused(path: string, reason: string): ModelcarError {
  return new ModelcarError('REJECTED', `cannot put ${shownPath(path)} into an image: ${reason}`, {
    hint: 'Rename the file in the model, or leave it out.',
  });
}

/**
 * Control characters, line separators and bidirectional controls: in a terminal they move the cursor, break the line, or
 * reorder the name.
 */
const UNSHOWABLE = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;

function codePoint(character: string): string {
  return `U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
}

function unsafe(path: string): string | undefined {
  const tooLong = overlong(path);
  if (tooLong !== undefined) return tooLong;
  if (path.startsWith('/')) return 'the path is absolute';
  if (path.includes('\\')) return 'the path contains a backslash';
  if (!path.isWellFormed()) return 'the path is not valid Unicode';
  const [unshowable] = UNSHOWABLE.exec(path) ?? [];
  if (unshowable !== undefined) return `the path contains the control character ${codePoint(unshowable)}`;
  const components = path.split('/');
  if (components.length > MOST_COMPONENTS) return `the path has more than ${MOST_COMPONENTS} components`;
  for (const component of components) {
    if (component === '' || component === '.' || component === '..') {
      return `the path has the component ${JSON.stringify(component)}`;
    }
    // OCI image-spec, layer.md, "Whiteouts": such an entry deletes files of the layers below.
    if (component.startsWith('.wh.')) return 'names that begin with .wh. mean deletion in an image layer';
  }
  return undefined;
}

/** A path taken twice, and a path that one file needs as a folder and another as a file. */
function refuseCollisions(layers: readonly PlannedLayer[]): void {
  const files = new Map<string, string>();
  for (const { path, sibling } of layers) {
    const other = files.get(path);
    if (other !== undefined) throw collision(other, sibling.path, path);
    files.set(path, sibling.path);
  }
  for (const { path, sibling } of layers) {
    for (let slash = path.indexOf('/'); slash !== -1; slash = path.indexOf('/', slash + 1)) {
      const other = files.get(path.slice(0, slash));
      if (other !== undefined) throw collision(other, sibling.path, path.slice(0, slash));
    }
  }
}

function collision(a: string, b: string, path: string): ModelcarError {
  return new ModelcarError('REJECTED', `${a} and ${b} would both be ${path} in the image`, {
    hint: 'The standard tar layout keeps full paths; the reference layout keeps only the last component.',
  });
}
