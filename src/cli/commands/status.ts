import { forgetJobs, formatReference, listJobs, listTags, type TargetLocation } from '../../index.ts';
import type { Words } from '../flag.ts';
import { STATUS_FLAGS } from '../flags.ts';
import { type Inspection, prepareInspection } from '../inspection.ts';
import { storedImage } from '../model-and-target.ts';
import { stateFileOf } from '../options.ts';
import { readFlags, usage } from '../read-flags.ts';
import { homeFolder } from '../surroundings.ts';
import { inertJson } from '../ui/inert-json.ts';
import {
  forgottenDocument,
  formatForgotten,
  formatJobs,
  formatTags,
  jobsDocument,
  tagsDocument,
} from '../ui/status.ts';
import { toLines } from '../ui/text.ts';

/** `oci-modelcar status`: what it prints. */
export async function status(
  words: Words & { readonly repository?: string },
  process: NodeJS.Process,
  signal: AbortSignal,
): Promise<string> {
  const values = readFlags(STATUS_FLAGS, words, process.env);
  const forget = values.list('forget');
  const json = values.decision('json') ?? false;
  if (words.repository === undefined) {
    const stateFile = stateFileOf(values, process.env, homeFolder());
    return forget.length === 0 ? jobs(stateFile, json) : forgotten(stateFile, forget, json);
  }
  if (forget.length > 0)
    throw usage('--forget removes jobs from the state file, not tags', 'Leave out the repository.');
  const { location, name } = storedImage(words.repository, values);
  if (name !== undefined) {
    throw usage(
      'status lists all tags of a repository, and this names one image of it',
      'Leave out the tag or digest, or run oci-modelcar validate to look at that image.',
    );
  }
  const inspection = await prepareInspection(values, process, signal);
  const columns = process.stdout.isTTY ? process.stdout.columns || undefined : undefined;
  return tags(location, { json, columns }, inspection);
}

async function jobs(stateFile: string, json: boolean): Promise<string> {
  const found = await listJobs({ stateFile });
  return json
    ? `${inertJson({ v: 1, type: 'jobs', ...jobsDocument(found) })}\n`
    : toLines(formatJobs(found, stateFile));
}

async function forgotten(stateFile: string, names: readonly string[], json: boolean): Promise<string> {
  const [word] = names;
  const jobs = names.length === 1 && (word === 'complete' || word === 'all') ? word : names;
  const gone = await forgetJobs({ stateFile, jobs });
  return json
    ? `${inertJson({ v: 1, type: 'forgotten', ...forgottenDocument(gone) })}\n`
    : toLines(formatForgotten(gone, stateFile));
}

async function tags(
  location: TargetLocation,
  { json, columns }: { readonly json: boolean; readonly columns: number | undefined },
  inspection: Inspection,
): Promise<string> {
  const found = await listTags({ target: location, ...inspection });
  const repository = formatReference(location);
  return json
    ? `${inertJson({ v: 1, type: 'tags', ...tagsDocument(found, repository) })}\n`
    : toLines(formatTags(found, repository, columns));
}
