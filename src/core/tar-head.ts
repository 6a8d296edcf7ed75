import { BLOCK } from './tar-header.ts';

/**
 * The path of the first file in a tar, from the first bytes of the tar. Undefined if they are not those of a tar, or do
 * not reach the file.
 */
export function firstFilePath(bytes: Uint8Array): string | undefined {
  let longPath: string | undefined;
  for (let at = 0; at + BLOCK <= bytes.length; ) {
    const block = Buffer.from(bytes.subarray(at, at + BLOCK));
    const type = textOf(block, 156, 1);
    const size = Number.parseInt(textOf(block, 124, 12), 8);
    if (textOf(block, 257, 5) !== 'ustar') return undefined;
    if (type === '0' || type === '') return longPath ?? shortPath(block);
    at += BLOCK;
    if (type === 'x') longPath = paxPath(bytes.subarray(at, at + size));
    else if (type === '5') longPath = undefined;
    else return undefined;
    at += Math.ceil((size || 0) / BLOCK) * BLOCK;
  }
  return undefined;
}

function shortPath(block: Buffer): string {
  const prefix = textOf(block, 345, 155);
  const name = textOf(block, 0, 100);
  return prefix === '' ? name : `${prefix}/${name}`;
}

/** The `path` of PAX records, each `<length> <key>=<value>\n`. */
function paxPath(records: Uint8Array): string | undefined {
  const bytes = Buffer.from(records);
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(0x20, at);
    const length = Number(bytes.toString('latin1', at, space));
    if (space === -1 || !(length > 0)) return undefined;
    const [key, ...value] = bytes.toString('utf8', space + 1, at + length - 1).split('=');
    if (key === 'path') return value.join('=');
    at += length;
  }
  return undefined;
}

/** A field up to its first NUL. */
function textOf(block: Buffer, start: number, length: number): string {
  return block
    .toString('utf8', start, start + length)
    .split('\0', 1)
    .join();
}
