import type { RecordedJob, TagEntry } from '../../index.ts';
import { formatSize } from '../../index.ts';
import { displayWidth } from './display-width.ts';

/** What `status` says of a state file: a line for each job, in columns. Give it to `toLines`. */
export function formatJobs(jobs: readonly RecordedJob[], stateFile: string): readonly string[] {
  if (jobs.length === 0) return [`no jobs written down in ${stateFile}`];
  return inColumns(
    jobs.map((job) => [
      `${job.model}@${job.commit.slice(0, 12)}`,
      '->',
      [job.target, ...job.tags.slice(0, 1)].join(':') + others(job.tags.length - 1),
      job.complete ? 'complete' : 'incomplete',
      inMinutes(job.updatedAt),
      job.manifestDigest ?? `${job.layers} layers, ${formatSize(job.size)} so far`,
    ]),
  );
}

/** The same for `--json`; the keys are documented in docs/inspect.md. */
export function jobsDocument(jobs: readonly RecordedJob[]): object {
  return { jobs: jobs.map((job) => ({ ...job, manifestDigest: job.manifestDigest ?? null })) };
}

/** What `status REGISTRY/REPOSITORY` says: tag and digest in columns. Give it to `toLines`. */
export function formatTags(tags: readonly TagEntry[], repository: string): readonly string[] {
  if (tags.length === 0) return [`no tags in ${repository}`];
  return inColumns(tags.map(({ tag, digest }) => [tag, digest ?? 'points at nothing']));
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
