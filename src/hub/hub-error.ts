import { type ErrorCode, ModelcarError } from '../core/error.ts';
import { formatModelId, type ModelId } from '../core/model.ts';
import { isForeignPage } from '../http/foreign-page.ts';
import { withSpentRetries } from '../http/gave-up.ts';
import { presentable, presentablePage, withStatus } from '../http/presentable.ts';
import { isPassing } from '../http/retry.ts';
import { type HttpResponse, readText } from '../http/transport.ts';
import type { HubEndpoint } from './endpoint.ts';
import type { SentToken } from './hub-token.ts';
import { at, isNoHub, noHubError } from './no-hub.ts';
import { parseErrorMessage } from './wire.ts';

export interface HubQuestion {
  /** What we were doing, such as `list acme/llama`. */
  readonly what: string;
  readonly id: ModelId;
  readonly revision: string;
  readonly endpoint: HubEndpoint;
  /** The same answer means something else without a token. */
  readonly token: SentToken;
  /** The endpoint has not answered as a Hub yet. */
  readonly isFirst?: boolean;
  /** Asked after the model was listed: what the Hub refuses now, it allowed then. */
  readonly begun?: boolean;
}

/**
 * The error for the Hub's answer. It answers 401 to an anonymous question for what does not exist, for what is
 * private and for what is gated; its own code tells them apart, then the text, then the status.
 */
export async function hubError(response: HttpResponse, question: HubQuestion): Promise<ModelcarError> {
  const { status, headers } = response;
  const body = await readText(response).catch(() => '');
  const said = presentable(
    headers['x-error-message'] ?? parseErrorMessage(body) ?? plainText(body, headers['content-type']),
    response,
  );
  const requestId = headers['x-request-id'] ?? headers['x-amzn-trace-id'] ?? headers['x-amz-cf-id'];
  const request = requestId === undefined ? '' : ` (request ${presentable(requestId, response)})`;
  if (question.isFirst && isNoHub(response, body, said, question.endpoint))
    return noHubError(response, `${said || presentablePage(body, response)}${request}`.trim(), question);
  const isOfHub = headers['x-error-code'] !== undefined || headers['x-error-message'] !== undefined;
  if (status === 403 && !isOfHub && isForeignPage(body)) return firewallError(response, body, question);
  const refusal = classify(status, headers['x-error-code'], said, question);
  const { code } = refusal;
  const hint = question.begun ? hintToGoOn(refusal, question) : refusal.hint;
  const what = messageOf(refusal, response, said, question);
  return new ModelcarError(code, what + request, { hint });
}

function firewallError(response: HttpResponse, body: string, { what, endpoint }: HubQuestion): ModelcarError {
  const said = withStatus(response.status, presentablePage(body, response));
  return new ModelcarError('REJECTED', `cannot ${what} at the Hub: ${said}`, {
    hint: `Look for a proxy or firewall on the way to ${new URL(endpoint.url).host}: the answer is a page, not the Hub's.`,
  });
}

function messageOf(
  { code }: Refusal,
  { status, spent }: HttpResponse,
  said: string,
  question: HubQuestion,
): string {
  const { what, id, token } = question;
  // What the Hub says to everybody whom it does not know; nobody has given a password.
  const words = said.startsWith('Invalid username or password') ? '' : said;
  const isHidden = code === 'NOT_FOUND' && status === 401 && words === '' && token.kind !== 'sent';
  if (isHidden && !question.begun) {
    const noToken = token.kind === 'none' ? 'no token was sent' : `it refused the token${from(token)}`;
    const model = `no public ${id.type} ${formatModelId(id)}`;
    return `the Hub has ${model}: it answers 401 for unknown names and for private ones, and ${noToken}`;
  }
  const withToken = code === 'UNAUTHORIZED' && from(token) !== '' ? ` with the token${from(token)}` : '';
  return `cannot ${what} at the Hub${withToken}: ${withSpentRetries(withStatus(status, words), spent)}`;
}

/** ` from HF_TOKEN` */
function from(token: SentToken): string {
  return token.kind === 'none' || token.origin === undefined ? '' : ` from ${token.origin}`;
}

interface Refusal {
  readonly code: ErrorCode;
  readonly hint: string;
}

function classify(
  status: number,
  errorCode: string | undefined,
  said: string,
  { id, revision, endpoint, token }: HubQuestion,
): Refusal {
  const name = formatModelId(id);
  const isSent = token.kind === 'sent';
  const refused = token.kind === 'refused' ? ` (the Hub refused the one${from(token)})` : '';
  // Mirrors leave the code out: then the text has to do.
  if (errorCode === 'RevisionNotFound' || said.startsWith('Invalid rev id')) {
    return {
      code: 'REVISION_NOT_FOUND',
      hint: `See the branches and tags at ${endpoint.page(id)}/tree/main.`,
    };
  }
  if (errorCode === 'EntryNotFound' || said.startsWith('Entry not found')) {
    return {
      code: 'NOT_FOUND',
      hint: `The file is not in ${name} at ${revision}: it may have been deleted just now.`,
    };
  }
  // huggingface_hub matches this text as well: the Hub has no code for it.
  if (said.includes('Access to this resource is disabled')) {
    return { code: 'DISABLED', hint: `The Hub has disabled ${name}; ${endpoint.page(id)} may say why.` };
  }
  if (said.includes('fine-grained token settings')) {
    return {
      code: 'GATED',
      hint: 'Give the token access to public gated repositories, in its settings at the Hub.',
    };
  }
  if (errorCode === 'GatedRepo' || /^Access to .* is restricted/.test(said)) {
    const ask = `ask for access at ${endpoint.page(id)}`;
    return {
      code: 'GATED',
      hint: isSent
        ? `With the account of the token${from(token)}, ${ask}.`
        : `Set HF_TOKEN to a valid token${refused}, and ${ask} if needed.`,
    };
  }
  const badToken = status === 401 && (isSent || said.startsWith('Invalid credentials'));
  if (badToken && errorCode !== 'RepoNotFound') {
    return {
      code: 'UNAUTHORIZED',
      hint: `The token${from(token)} is not valid at this Hub: set HF_TOKEN to one that is; a public model needs none.`,
    };
  }
  if (status === 401 || status === 404) {
    const dataset = id.type === 'model' ? `, or write datasets/${name} for a dataset` : '';
    return {
      code: 'NOT_FOUND',
      hint: isSent
        ? `Check the name ${name}${at(endpoint)}${dataset}, and that the account of the token${from(token)} may see it.`
        : `Check the name ${name}${at(endpoint)}${dataset}; if it is private or gated, set HF_TOKEN to a token that may read it${refused}.`,
    };
  }
  if (status === 403) {
    return { code: 'UNAUTHORIZED', hint: `Set HF_TOKEN to a token that may read ${name}${refused}.` };
  }
  if (status === 429) {
    return {
      code: 'RATE_LIMITED',
      hint: isSent ? 'Wait, then run it again.' : 'Set HF_TOKEN: the limits are higher then.',
    };
  }
  if (isPassing(status) || status >= 500) {
    return { code: 'UNAVAILABLE', hint: 'Run the same command again.' };
  }
  return { code: 'UNSUPPORTED', hint: 'Check that the endpoint is a Hugging Face Hub or a mirror of one.' };
}

/** In mid-run the name and the revision are right, and the same command goes on where it stopped. */
function hintToGoOn({ code, hint }: Refusal, { id, token }: HubQuestion): string {
  const again = 'run the same command again';
  switch (code) {
    case 'REVISION_NOT_FOUND':
      return `The Hub has dropped this commit of ${formatModelId(id)} since the push began: ${again} to push what the revision is now.`;
    case 'NOT_FOUND': {
      if (hint.startsWith('The file')) return hint;
      const access =
        token.kind === 'sent' ? 'a token of an account that may see it' : 'a token that may read it';
      return `${formatModelId(id)} was there when the push began, and is gone or private now: set HF_TOKEN to ${access}, then ${again}.`;
    }
    case 'UNAUTHORIZED':
    case 'GATED':
      return `${hint.replace(/\.$/, '')}, then ${again}.`;
    default:
      return hint;
  }
}

/** Text that is not a page: the Hub's 429 is 52 KB of HTML. */
function plainText(body: string, type = ''): string {
  return type.includes('html') || body.trimStart().startsWith('<') ? '' : body;
}
