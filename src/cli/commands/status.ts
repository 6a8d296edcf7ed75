import { formatReference, listJobs, listTags, parseStoredReference } from '../../index.ts';
import type { Words } from '../flag.ts';
import { STATUS_FLAGS } from '../flags.ts';
import { type Inspection, prepareInspection } from '../inspection.ts';
import { stateFileOf } from '../options.ts';
import { readFlags, usage } from '../read-flags.ts';
import { homeFolder } from '../surroundings.ts';
import { inertJson } from '../ui/inert-json.ts';
import { formatJobs, formatTags, jobsDocument, tagsDocument } from '../ui/status.ts';
import { toLines } from '../ui/text.ts';

/** `oci-modelcar status`: what it prints. */
export async function status(
  words: Words & { readonly repository?: string },
  process: NodeJS.Process,
  signal: AbortSignal,
): Promise<string> {
  const values = readFlags(STATUS_FLAGS, words, process.env);
  if (words.repository === undefined) return jobs(stateFileOf(values, process.env, homeFolder()), words);
  return tags(words.repository, words, await prepareInspection(values, process, signal));
}

async function jobs(stateFile: string, { json }: Words): Promise<string> {
  const found = await listJobs({ stateFile });
  return json ? `${inertJson(jobsDocument(found), 2)}\n` : toLines(formatJobs(found, stateFile));
}

async function tags(argument: string, { json }: Words, inspection: Inspection): Promise<string> {
  const { location, name } = parseStoredReference(argument);
  if (name !== undefined) {
    throw usage(
      'status lists all tags of a repository, and this names one image of it',
      'Leave out the tag or digest, or run oci-modelcar validate to look at that image.',
    );
  }
  const found = await listTags({ target: location, ...inspection });
  const repository = formatReference(location);
  return json ? `${inertJson(tagsDocument(found, repository), 2)}\n` : toLines(formatTags(found, repository));
}
