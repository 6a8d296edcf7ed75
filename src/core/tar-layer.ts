import { type ByteSource, concat, fromBytes, zeros } from './bytes.ts';
import { BLOCK, header, headerLength, referenceHeader, referenceHeaderLength } from './tar-header.ts';

/**
 * `standard` is what we write unless asked otherwise; `reference` repeats the bytes of the Python tool, for
 * repositories that it has already filled. `docs/image-layout.md` describes both.
 */
export type TarLayout = 'standard' | 'reference';

export const TAR_LAYOUTS: readonly TarLayout[] = ['standard', 'reference'];

/** Python's `tarfile` pads an archive to a multiple of this. */
const RECORD = 20 * BLOCK;

/**
 * One file as a tar layer. Not a transformer of a stream but a concatenation, so its size is known before the first
 * byte and it can be opened at any offset: byte 7,340,032 of the layer is a Range request to the Hub.
 *
 * @param path the file's path in the image, without a leading slash
 */
export function tarLayer(path: string, content: ByteSource, layout: TarLayout): ByteSource {
  const head = layout === 'standard' ? standardHead(path, content.size) : referenceHeader(path, content.size);
  const size = layerSize(head.length, content.size, layout);
  return concat(fromBytes(head), content, zeros(size - head.length - content.size));
}

/** The size of {@link tarLayer}, without its bytes. */
export function tarLayerSize(path: string, contentSize: number, layout: TarLayout): number {
  const head = layout === 'standard' ? standardHeadLength(path) : referenceHeaderLength(path, contentSize);
  return layerSize(head, contentSize, layout);
}

function layerSize(head: number, contentSize: number, layout: TarLayout): number {
  const end = head + contentSize + padding(contentSize, BLOCK) + 2 * BLOCK;
  return layout === 'standard' ? end : end + padding(end, RECORD);
}

/**
 * Every parent directory, then the file. Parents are in every layer: where they are left out, their mode depends on
 * the umask of the daemon, its version, and on whether it unpacks layers in parallel.
 */
function standardHead(path: string, size: number): Uint8Array {
  const components = path.split('/');
  const parents = components
    .slice(0, -1)
    .map((_, depth) =>
      header({ type: 'directory', name: `${components.slice(0, depth + 1).join('/')}/`, size: 0 }),
    );
  return Buffer.concat([...parents, header({ type: 'file', name: path, size })]);
}

function standardHeadLength(path: string): number {
  const bytes = Buffer.from(path);
  let length = headerLength(bytes);
  for (let slash = bytes.indexOf(0x2f); slash !== -1; slash = bytes.indexOf(0x2f, slash + 1)) {
    length += headerLength(bytes.subarray(0, slash + 1));
  }
  return length;
}

function padding(size: number, unit: number): number {
  return (unit - (size % unit)) % unit;
}
