import type { RecordedJob, TagEntry } from '../../index.ts';
import { formatSize } from '../../index.ts';
import { displayWidth } from './display-width.ts';
import { count } from './units.ts';

/** What `status` shows of a state file: a few lines for each job. Give it to `toLines`. */
export function formatJobs(jobs: readonly RecordedJob[], stateFile: string): readonly string[] {
  return jobs.length === 0 ? [`no jobs in ${stateFile}`] : jobs.flatMap(formatJob);
}

/** What `status --forget` shows. */
export function formatForgotten(jobs: readonly RecordedJob[], stateFile: string): readonly string[] {
  return [
    ...jobs.map(({ key, ...job }) => `forgot ${key}  ${nameOf(job)}`),
    `${count(jobs.length, 'job')} removed from ${stateFile}`,
  ];
}

function formatJob(job: RecordedJob): readonly string[] {
  const { key, manifestDigest, updatedAt } = job;
  const name = nameOf(job);
  const target = [job.target, ...job.tags.slice(0, 1)].join(':') + others(job.tags.length - 1);
  const fits = displayWidth(`${name} -> ${target}`) <= USUAL_COLUMNS;
  return [
    ...(fits ? [`${name} -> ${target}`] : [name, `  -> ${target}`]),
    `  ${job.complete ? 'complete' : 'incomplete'} ${inMinutes(updatedAt)}, job ${key}`,
    `  ${manifestDigest ?? `${count(job.layers, 'layer')} pushed (${formatSize(job.size)})${openOf(job)}`}`,
  ];
}

const USUAL_COLUMNS = 80;

function nameOf({ model, commit }: Pick<RecordedJob, 'model' | 'commit'>): string {
  return `${model}@${commit.slice(0, 12)}`;
}

function openOf({ openUploads, openSize }: RecordedJob): string {
  if (openUploads === 0) return '';
  // After a kill no registry has confirmed any byte, though it may hold many.
  const confirmed = openSize === 0 ? '' : ` (${formatSize(openSize)})`;
  return `, ${count(openUploads, 'open upload')}${confirmed}`;
}

/** The same for `--json`; the keys are documented in docs/inspect.md. */
export function jobsDocument(jobs: readonly RecordedJob[]): { readonly jobs: readonly object[] } {
  return { jobs: jobs.map((job) => ({ ...job, manifestDigest: job.manifestDigest ?? null })) };
}

/**
 * What `status REGISTRY/REPOSITORY` shows: tag and digest in columns. Give it to `toLines`.
 * @param columns of the terminal, if there is one: where a whole digest does not fit, 12 characters of it are shown
 */
export function formatTags(
  tags: readonly TagEntry[],
  repository: string,
  columns: number = Number.POSITIVE_INFINITY,
): readonly string[] {
  if (tags.length === 0) return [`no tags in ${repository}`];
  const rows = tags.map(({ tag, digest }) => [tag, digest ?? 'points at nothing'] as const);
  const whole = inColumns(rows);
  if (whole.every((line) => displayWidth(line) <= columns)) return whole;
  return inColumns(rows.map(([tag, text]) => [tag, text.startsWith('sha256:') ? text.slice(0, 19) : text]));
}

export function forgottenDocument(jobs: readonly RecordedJob[]): object {
  const { jobs: forgotten } = jobsDocument(jobs);
  return { forgotten };
}

/** The same for `--json`. */
export function tagsDocument(tags: readonly TagEntry[], repository: string): object {
  return { repository, tags: tags.map(({ tag, digest }) => ({ tag, digest: digest ?? null })) };
}

function others(count: number): string {
  return count > 0 ? ` (+${count})` : '';
}

/** UTC, as the state file has it: two machines show the same line. */
function inMinutes(time: string): string {
  return `${time.slice(0, 16).replace('T', ' ')}Z`;
}

function inColumns(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    rows.reduce((widest, row) => Math.max(widest, displayWidth(row[column] ?? '')), 0),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - displayWidth(cell)))
      .join('  ')
      .trimEnd(),
  );
}
