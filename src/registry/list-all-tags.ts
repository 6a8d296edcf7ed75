import { ModelcarError } from '../core/error.ts';
import { readText } from '../http/transport.ts';
import { nextPage } from './next-page.ts';
import { type Routes, refuseWebServer, webPageIn } from './no-registry.ts';
import { readProblem, refusalError, refusalOf } from './registry-error.ts';
import { parseTagsPage } from './wire.ts';

export interface TagsQuestion {
  /** Messages name the repository with it. */
  readonly target: string;
  readonly signal: AbortSignal;
}

/** What ECR allows at most; others give fewer if they like. */
const PAGE_SIZE = 1000;
/** distribution 2.8 ignores the size and sends everything at once: some 500,000 tags then. */
const PAGE_LIMIT_BYTES = 16 * 1024 * 1024;
/** A list that has not ended by then will not end. */
const PAGES_LIMIT = 10_000;
const TAGS_LIMIT = 1_000_000;
/** For all pages together, with their URLs: some 67 bytes for each tag. */
const ANSWERS_LIMIT_MIB = 64;

/**
 * Every tag of a repository, page after page (OCI distribution-spec, "Listing Tags"). A registry that sends us back to a
 * page that we had has no more.
 *
 * @throws ModelcarError `NOT_FOUND` when there is no such repository
 */
export async function listAllTags(question: TagsQuestion, routes: Routes): Promise<readonly string[]> {
  const tags = new Set<string>();
  const asked = new Set<string>();
  let received = 0;
  let url: string | undefined = `${routes.repository}/tags/list?n=${PAGE_SIZE}`;
  while (url !== undefined && !asked.has(url)) {
    if (asked.size === PAGES_LIMIT) throw unreadable(question, `its list has more than ${PAGES_LIMIT} pages`);
    asked.add(url);
    const page = await readPage(url, question, routes);
    received += url.length + page.length;
    if (received > ANSWERS_LIMIT_MIB * 2 ** 20)
      throw unreadable(question, `its list is longer than ${ANSWERS_LIMIT_MIB} MiB`);
    for (const tag of page.tags) tags.add(tag);
    if (tags.size > TAGS_LIMIT) throw unreadable(question, `its list has more than ${TAGS_LIMIT} tags`);
    url = page.next;
  }
  return [...tags];
}

interface Page {
  readonly tags: readonly string[];
  readonly next: string | undefined;
  /** Length of the answer in characters. */
  readonly length: number;
}

async function readPage(url: string, question: TagsQuestion, routes: Routes): Promise<Page> {
  const { target, signal } = question;
  const response = await routes.api({ method: 'GET', url, headers: { accept: 'application/json' }, signal });
  if (response.status !== 200) {
    const what = `list the tags of ${target}`;
    const problem = await readProblem(response);
    await refuseWebServer(problem.page, 'repository', routes, signal);
    if (response.status !== 404) throw refusalError(what, refusalOf(problem));
    throw unknownRepository(what, problem.text);
  }
  const text = await readText(response, PAGE_LIMIT_BYTES);
  await refuseWebServer(webPageIn(response, text), 'repository', routes, signal);
  const tags = parseTagsPage(text);
  if (tags === undefined) throw unreadable(question, 'the answer is not a list of tags');
  return { tags, next: nextPage(url, response.headers.link), length: text.length };
}

function unknownRepository(what: string, said: string): ModelcarError {
  return new ModelcarError('NOT_FOUND', `cannot ${what}: ${said}`, {
    hint: 'Check the name: there is no such repository, or nothing was pushed to it yet.',
  });
}

function unreadable({ target }: TagsQuestion, reason: string): ModelcarError {
  return new ModelcarError('UNSUPPORTED', `cannot list the tags of ${target}: ${reason}`, {
    hint: 'Check that the registry is one, and what a proxy on the way makes of its answers.',
  });
}
