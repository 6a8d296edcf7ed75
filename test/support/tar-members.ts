export interface TarMember {
  readonly path: string;
  readonly content: string;
}

const BLOCK = 512;

/** The files of a ustar archive with names of up to 100 bytes, read by offsets that are nobody's code but this. */
export function tarMembers(archive: Buffer): readonly TarMember[] {
  const members: TarMember[] = [];
  for (let at = 0; archive[at] !== 0 && at < archive.length; ) {
    const field = (start: number, length: number): string =>
      archive.toString('utf8', at + start, at + start + length).replace(/\0.*$/s, '');
    const size = Number.parseInt(field(124, 12), 8);
    const content = archive.toString('utf8', at + BLOCK, at + BLOCK + size);
    if (field(156, 1) === '0') members.push({ path: field(0, 100), content });
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
  return members;
}
