/**
 * One tar header, with its PAX extension where the name needs one: IEEE Std 1003.1 pax, "ustar Interchange Format"
 * and "pax Extended Header". Two dialects are written: ours, and the bytes of the Python tool.
 */

export const BLOCK = 512;

/** The first size that 11 octal digits cannot hold. */
const OCTAL_LIMIT = 8 ** 11;

const encoder = new TextEncoder();

export interface Entry {
  readonly type: 'file' | 'directory';
  /** Path in the image, `/` between components, none at the start. A directory's ends in `/`. */
  readonly name: string;
  /** Bytes of content that follow the header; 0 for a directory. */
  readonly size: number;
}

/**
 * Our headers. Owner 0:0, time 0, directories 0755, files 0644: readable by any user, the same on every machine.
 * A size of 8 GiB and more is written in base-256 into the size field: Clair, Quay and busybox read nothing but that
 * field (https://github.com/containers/olot/pull/210). A name that ustar cannot hold gets a PAX `path`.
 */
export function header({ type, name, size }: Entry): Uint8Array {
  const bytes = encoder.encode(name);
  const split = splitName(bytes);
  const block = emptyHeader(type === 'directory' ? 0o755 : 0o644, type === 'directory' ? '5' : '0');
  block.set(split?.name ?? bytes.subarray(0, 100), 0);
  block.set(split?.prefix ?? [], 345);
  writeSize(block, size);
  writeOctal(block, 329, 7, 0);
  writeOctal(block, 337, 7, 0);
  seal(block);
  return fitsUstar(bytes) ? block : join(paxHeader([['path', name]], 0o644), block);
}

/** The length of {@link header} for a name: a plan needs millions of lengths, and no bytes. */
export function headerLength(name: Uint8Array): number {
  return fitsUstar(name) ? BLOCK : paxLength(recordLength('path', name.length)) + BLOCK;
}

/** POSIX allows only portable characters in the name field. Other names go into a PAX record, which is UTF-8. */
function fitsUstar(name: Uint8Array): boolean {
  return splitName(name) !== undefined && isAscii(name);
}

/**
 * The headers of Python's `tarfile` in PAX format, as the Python tool wrote them: `prefix` is never used, a size of
 * 8 GiB and more goes into a PAX record with 0 in the field, the device fields stay empty.
 */
export function referenceHeader(name: string, size: number): Uint8Array {
  const records: [string, string][] = [];
  const large = size >= OCTAL_LIMIT;
  const ascii = name.replace(/[^\0-\x7f]/gu, '?');
  if (needsPath(name)) records.push(['path', name]);
  if (large) records.push(['size', String(size)]);
  const block = emptyHeader(0o644, '0');
  block.set(encoder.encode(ascii).subarray(0, 100), 0);
  writeOctal(block, 124, 11, large ? 0 : size);
  seal(block);
  return records.length > 0 ? join(paxHeader(records, 0), block) : block;
}

/** The length of {@link referenceHeader}. */
export function referenceHeaderLength(name: string, size: number): number {
  const path = needsPath(name) ? recordLength('path', Buffer.byteLength(name)) : 0;
  const large = size >= OCTAL_LIMIT ? recordLength('size', String(size).length) : 0;
  return (path + large > 0 ? paxLength(path + large) : 0) + BLOCK;
}

function needsPath(name: string): boolean {
  return name.length > 100 || Buffer.byteLength(name) > name.length;
}

function paxHeader(records: readonly (readonly [string, string])[], mode: number): Uint8Array {
  const body = encoder.encode(records.map(([key, value]) => paxRecord(key, value)).join(''));
  const block = emptyHeader(mode, 'x');
  block.set(encoder.encode('././@PaxHeader'), 0);
  writeOctal(block, 124, 11, body.length);
  seal(block);
  const padded = new Uint8Array(paxLength(body.length) - BLOCK);
  padded.set(body);
  return join(block, padded);
}

/** The length of the PAX header, with its records padded to whole blocks. */
function paxLength(records: number): number {
  return BLOCK + Math.ceil(records / BLOCK) * BLOCK;
}

/** `<length> <key>=<value>\n`, where the length counts its own digits too. */
function paxRecord(key: string, value: string): string {
  return `${recordLength(key, Buffer.byteLength(value))} ${key}=${value}\n`;
}

function recordLength(key: string, valueLength: number): number {
  const rest = ` ${key}=\n`.length + valueLength;
  let length = rest + 1;
  while (length !== rest + String(length).length) length = rest + String(length).length;
  return length;
}

/** `name` (100 bytes) and `prefix` (155 bytes), parted at a `/`; undefined where no `/` fits. */
function splitName(bytes: Uint8Array): { name: Uint8Array; prefix: Uint8Array } | undefined {
  if (bytes.length <= 100) return { name: bytes, prefix: new Uint8Array() };
  // The first place that leaves at most 100 bytes behind the slash; a directory's last byte is a slash itself.
  const slash = bytes.indexOf(0x2f, bytes.length - 101);
  if (slash < 1 || slash > 155 || slash >= bytes.length - 1) return undefined;
  return { name: bytes.subarray(slash + 1), prefix: bytes.subarray(0, slash) };
}

function emptyHeader(mode: number, type: '0' | '5' | 'x'): Uint8Array {
  const block = new Uint8Array(BLOCK);
  writeOctal(block, 100, 7, mode);
  writeOctal(block, 108, 7, 0);
  writeOctal(block, 116, 7, 0);
  writeOctal(block, 136, 11, 0);
  block[156] = type.charCodeAt(0);
  block.set(encoder.encode('ustar\x0000'), 257);
  return block;
}

function writeSize(block: Uint8Array, size: number): void {
  if (size < OCTAL_LIMIT) {
    writeOctal(block, 124, 11, size);
    return;
  }
  block[124] = 0x80;
  new DataView(block.buffer, block.byteOffset).setBigUint64(128, BigInt(size));
}

/** The checksum is the sum of all bytes with its own field read as spaces. */
function seal(block: Uint8Array): void {
  block.fill(0x20, 148, 156);
  writeOctal(
    block,
    148,
    6,
    block.reduce((sum, byte) => sum + byte, 0),
  );
  block[155] = 0x20;
}

function writeOctal(block: Uint8Array, offset: number, digits: number, value: number): void {
  block.set(encoder.encode(value.toString(8).padStart(digits, '0')), offset);
  block[offset + digits] = 0;
}

function isAscii(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte < 0x80);
}

function join(...parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(parts);
}
