import { join } from 'node:path';
import * as v from 'valibot';
import { ModelcarError } from '../core/error.ts';
import { parseJson } from '../core/json.ts';
import type { ProcessMark } from '../files/process-mark.ts';
import { readRegularFile } from '../files/read-regular-file.ts';
import { writeAtomically } from '../files/write-atomically.ts';

const VERSION = '1.0.0';
const schema = v.object({ imageLayoutVersion: v.string() });

/**
 * Whether the folder has the file that makes it an OCI image layout (OCI image-spec, image-layout.md, "oci-layout file").
 * @throws ModelcarError `REJECTED` when that file is something else, or has a version that we do not know
 */
export async function hasLayoutFile(folder: string): Promise<boolean> {
  const path = join(folder, 'oci-layout');
  const bytes = await readRegularFile(path, {
    limit: 4096,
    refuse: (what) => unusableLayout(`${path} is not an oci-layout file: it is ${what}`),
  });
  if (bytes === undefined) return false;
  const parsed = v.safeParse(schema, parseJson(bytes.toString()));
  if (!parsed.success) throw unusableLayout(`${path} is not an oci-layout file`);
  const { imageLayoutVersion: version } = parsed.output;
  if (version === VERSION) return true;
  throw unusableLayout(`${path} has version ${JSON.stringify(version)} (expected ${VERSION})`);
}

export async function writeLayoutFile(folder: string, self: ProcessMark): Promise<void> {
  const text = JSON.stringify({ imageLayoutVersion: VERSION });
  await writeAtomically(join(folder, 'oci-layout'), Buffer.from(text), 0o644, self);
}

export function unusableLayout(message: string): ModelcarError {
  return new ModelcarError('REJECTED', message, { hint: 'Give another folder, or move the file away.' });
}
