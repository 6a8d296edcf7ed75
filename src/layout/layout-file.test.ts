import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { IN_THE_WAY } from '../../test/support/in-the-way.ts';
import { layoutTarget, publish } from '../../test/support/layout-target.ts';
import { failureOf } from '../../test/support/rejection.ts';
import { tempFolder } from '../../test/support/temp-folder.ts';

const { signal } = new AbortController();

test.each([
  ['of a later version', '{"imageLayoutVersion":"2.0.0"}', 'has version "2.0.0" (expected 1.0.0)'],
  ['without a version', '{"hello":"world"}', 'is not an oci-layout file'],
  ['cut off', '{"imageLayoutVersion"', 'is not an oci-layout file'],
])(
  'an oci-layout file %s is refused before anything is written, and stays as it is',
  async (_, text, what) => {
    const folder = await tempFolder();
    await writeFile(join(folder, 'oci-layout'), text);
    const error = await failureOf(layoutTarget(folder).prepare(signal));
    expect(error).toMatchObject({ code: 'REJECTED', message: expect.stringContaining(what) });
    expect(await readdir(folder)).toEqual(['oci-layout']);
    expect(await readFile(join(folder, 'oci-layout'), 'utf8')).toBe(text);
  },
);

test('an oci-layout file of version 1.0.0 stays as another tool wrote it', async () => {
  const folder = await tempFolder();
  const text = '{ "imageLayoutVersion": "1.0.0", "note": "theirs" }\n';
  await writeFile(join(folder, 'oci-layout'), text);
  await publish(layoutTarget(folder), 'v1');
  expect(await readFile(join(folder, 'oci-layout'), 'utf8')).toBe(text);
});

test.each(IN_THE_WAY)(
  '%s as oci-layout is refused at once, before anything is written',
  async (_, make, what) => {
    const folder = await tempFolder();
    await make(join(folder, 'oci-layout'));
    const error = await failureOf(layoutTarget(folder).prepare(signal));
    expect(error).toMatchObject({ code: 'REJECTED', message: expect.stringContaining(what) });
    expect(await readdir(folder)).toEqual(['oci-layout']);
  },
);
