const BLOCK = 512;

export interface TarEntry {
  readonly type: 'file' | 'directory';
  readonly name: string;
  readonly size: number;
  readonly mode: number;
}

/**
 * The entry that a tar header says, with its PAX records, read as strictly as POSIX has it and by nobody's code but this.
 * @throws when anything of it is not as it should be, or something follows
 */
export function readTarHeader(bytes: Uint8Array): TarEntry {
  const [first, ...rest] = blocksOf(Buffer.from(bytes));
  if (first === undefined) throw new Error('no block');
  if (field(first, 156, 1) !== 'x') {
    if (rest.length > 0) throw new Error('something follows the header');
    return entry(first, new Map());
  }
  const size = number(first, 124, 12);
  const last = rest.pop();
  const records = Buffer.concat(rest);
  if (last === undefined || records.length !== Math.ceil(size / BLOCK) * BLOCK)
    throw new Error('wrong PAX length');
  if (records.subarray(size).some((byte) => byte !== 0)) throw new Error('PAX padding that is not zero');
  return entry(last, paxRecords(records.subarray(0, size)));
}

function entry(block: Buffer, pax: ReadonlyMap<string, string>): TarEntry {
  const type = { '0': 'file', '5': 'directory' } as const;
  const flag = field(block, 156, 1);
  if (flag !== '0' && flag !== '5') throw new Error(`type ${flag}`);
  const prefix = field(block, 345, 155);
  const name = field(block, 0, 100);
  if (!pax.has('path') && /[^\0-\x7f]/.test(prefix + name))
    throw new Error('letters beyond ASCII outside of PAX');
  return {
    type: type[flag],
    name: pax.get('path') ?? (prefix === '' ? name : `${prefix}/${name}`),
    size: Number(pax.get('size') ?? number(block, 124, 12)),
    mode: number(block, 100, 8),
  };
}

function blocksOf(bytes: Buffer): Buffer[] {
  if (bytes.length % BLOCK !== 0) throw new Error('no whole number of blocks');
  const blocks = Array.from({ length: bytes.length / BLOCK }, (_, at) =>
    bytes.subarray(at * BLOCK, (at + 1) * BLOCK),
  );
  const isHeader = (at: number) => at === 0 || at === blocks.length - 1;
  for (const [at, block] of blocks.entries()) if (isHeader(at)) check(block);
  return blocks;
}

function check(block: Buffer): void {
  if (block.toString('latin1', 257, 265) !== 'ustar\x0000') throw new Error('no ustar header');
  const blanked = Buffer.from(block).fill(' ', 148, 156);
  const sum = blanked.reduce((total, byte) => total + byte, 0);
  if (Number.parseInt(block.toString('latin1', 148, 154), 8) !== sum) throw new Error('wrong checksum');
}

/** `<length> <key>=<value>\n`, the length over all of it. */
function paxRecords(bytes: Buffer): Map<string, string> {
  const records = new Map<string, string>();
  for (let at = 0; at < bytes.length; ) {
    const length = Number(/^\d+(?= )/.exec(bytes.toString('latin1', at, at + 20))?.[0]);
    const record = bytes.toString('utf8', at, at + length);
    const [, key, value] = /^\d+ ([^=]+)=([\s\S]*)\n$/.exec(record) ?? [];
    if (key === undefined || value === undefined || records.has(key))
      throw new Error(`bad PAX record ${record}`);
    records.set(key, value);
    at += length;
  }
  return records;
}

function field(block: Buffer, start: number, length: number): string {
  const end = block.subarray(start, start + length).indexOf(0);
  return block.toString('utf8', start, end === -1 ? start + length : start + end);
}

/** Octal, or base-256 where the first bit is set. */
function number(block: Buffer, start: number, length: number): number {
  if (block[start] === 0x80) return Number(block.readBigUInt64BE(start + length - 8));
  const digits = block.toString('latin1', start, start + length - 1);
  if (!/^[0-7]+$/.test(digits) || block[start + length - 1] !== 0)
    throw new Error(`"${digits}" is not octal`);
  return Number.parseInt(digits, 8);
}
