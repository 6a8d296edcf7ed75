import { expect } from 'vitest';
import { copyToOciLayout } from '../real/read-back.ts';
import { layersOf, readTars } from '../real/read-tar.ts';
import { MODEL, type WiredHub } from './wired-world.ts';

/** skopeo copies the image out, and every file in it has the hash that the Hub says. */
export async function checkEveryFile({ hub }: WiredHub, reference: string, copy: string): Promise<void> {
  await copyToOciLayout(reference, copy);
  const url = `${hub.endpoint}/api/models/${MODEL}/tree/main?recursive=true`;
  const listed = (await (await fetch(url)).json()) as Listed[];
  const members = (await readTars(await layersOf(copy))).filter(({ type }) => type === 'file');
  expect(members).toHaveLength(listed.length);
  for (const { path, size, lfs, oid } of listed) {
    const hash = lfs ? { sha256: lfs.oid } : { gitSha1: oid };
    expect(members).toContainEqual(expect.objectContaining({ name: `models/${path}`, size, ...hash }));
  }
}

type Listed = { path: string; size: number; oid: string; lfs?: { oid: string } };
