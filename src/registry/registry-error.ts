import { type ErrorCode, ModelcarError } from '../core/error.ts';
import { isForeignPage } from '../http/foreign-page.ts';
import { withSpentRetries } from '../http/gave-up.ts';
import { presentable, presentablePage, withStatus } from '../http/presentable.ts';
import { type HttpResponse, readText } from '../http/transport.ts';
import { type Answer, isWorded, type Meaning, meaningOf } from './answer-meaning.ts';
import { parseChallenges } from './auth/challenge.ts';
import { ABOUT_ACCOUNT, outcomeOf } from './meaning-outcome.ts';
import { type WebPage, webPageIn } from './no-registry.ts';
import { parseProblems, type RegistryProblem } from './wire.ts';

/** A refusal, with its words cut to one line. */
export interface Problem extends Answer {
  /** `403 DENIED: requested access to the resource is denied`, behind the retries that were spent */
  readonly text: string;
  /** The answer looks like that of a web server. */
  readonly page?: WebPage | undefined;
}

/** What an answer refused, before it becomes an error. */
export interface Refusal {
  readonly code: ErrorCode;
  /** The account, if the meaning depends on it: `as user "ada" (from OCI_USERNAME)`. */
  readonly as?: string;
  /** What the other side said. */
  readonly said: string;
  readonly hint?: string;
}

/** Search only this much for a meaning: later words hardly explain it. */
const MOST_WORDS = 4096;

export async function readProblem(response: HttpResponse): Promise<Problem> {
  const { status, headers, account, spent } = response;
  const body = await readText(response).catch(() => '');
  const problems = parseProblems(body);
  const said =
    problems.length > 0
      ? presentable(problems.map(formatProblem).join('; '), response)
      : presentablePage(body, response);
  const challenge = parseChallenges(headers['www-authenticate']).find(({ scheme }) => scheme === 'bearer');
  return {
    status,
    codes: problems.map(({ code }) => code),
    words: (problems.length > 0 ? problems.map(wordsOf).join(' ') : body).slice(0, MOST_WORDS),
    challengeError: challenge?.parameters.error,
    from: problems.length > 0 ? 'registry' : senderOf(body, headers),
    account,
    text: withSpentRetries(withStatus(status, said), spent),
    page: webPageIn(response, body),
  };
}

/** The error for an answer to `what`, such as `push the manifest to ghcr.io/acme/llama`. */
export async function registryError(what: string, response: HttpResponse): Promise<ModelcarError> {
  return refusalError(what, refusalOf(await readProblem(response)));
}

/** @param meaning set if the request says more than the answer alone */
export function refusalOf(problem: Problem, meaning: Meaning = meaningOf(problem)): Refusal {
  const { account, text } = problem;
  const as = ABOUT_ACCOUNT.has(meaning) ? account && identity(account) : undefined;
  const { means, ...outcome } = outcomeOf(meaning, account);
  const said = means === undefined || isWorded(meaning, problem) ? text : `${means}: ${text}`;
  return { ...outcome, said, ...(as !== undefined && { as }) };
}

export function refusalError(what: string, { code, as, said, hint }: Refusal): ModelcarError {
  const who = as === undefined ? '' : ` ${as}`;
  return new ModelcarError(code, `cannot ${what}${who}: ${said}`, hint === undefined ? {} : { hint });
}

function identity(account: NonNullable<Problem['account']>): string {
  if (account.kind === 'none') return 'without an account';
  return `${account.secret === 'password' ? 'as' : 'with'} ${account.name}`;
}

function senderOf(body: string, headers: HttpResponse['headers']): Answer['from'] {
  if (/^\s*</.test(body) || isForeignPage(body)) return 'page';
  return headers['docker-distribution-api-version'] === undefined ? 'unknown' : 'registry';
}

function formatProblem({ code, message, detail }: RegistryProblem): string {
  return [code, message, detail].filter((part) => part !== '').join(': ');
}

function wordsOf({ code, message, detail, data }: RegistryProblem): string {
  return [code, message, detail, data].join(' ');
}
