import { type ByteSource, concat, fromBytes, zeros } from './bytes.ts';
import { BLOCK, header, referenceHeader } from './tar-header.ts';

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
  const end = head.length + content.size + padding(content.size, BLOCK) + 2 * BLOCK;
  const size = layout === 'standard' ? end : end + padding(end, RECORD);
  return concat(fromBytes(head), content, zeros(size - head.length - content.size));
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

function padding(size: number, unit: number): number {
  return (unit - (size % unit)) % unit;
}
