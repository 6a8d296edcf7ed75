import { jsonReply, type Reply, textReply } from './reply.ts';
import type { Repo } from './repo-graph.ts';

export interface TokenSpec {
  readonly user: string;
  /** Gated repositories whose conditions this user accepted. */
  readonly accepted?: readonly string[];
  /** Private repositories this user may read. */
  readonly reads?: readonly string[];
  /** A fine-grained token made without the scope for public gated repositories. */
  readonly withoutGatedScope?: boolean;
}

export type Caller =
  | { readonly kind: 'anonymous' }
  /** Carries a token nobody issued. */
  | { readonly kind: 'stranger' }
  | { readonly kind: 'user'; readonly token: string; readonly spec: TokenSpec };

/** Any token string may be known: mirrors and proxies issue tokens that do not start with `hf_`. */
export function readCaller(
  authorization: string | undefined,
  tokens: Readonly<Record<string, TokenSpec>>,
): Caller {
  if (authorization === undefined) return { kind: 'anonymous' };
  const token = /^Bearer\s+(.+)$/i.exec(authorization)?.[1]?.trim();
  const spec = token !== undefined && Object.hasOwn(tokens, token) ? tokens[token] : undefined;
  return token !== undefined && spec !== undefined ? { kind: 'user', token, spec } : { kind: 'stranger' };
}

/** A refusal with the Hub's own status, header and words, for the API as JSON and for files as text. */
export interface Refusal {
  readonly status: number;
  readonly code?: string;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export function refuse(refusal: Refusal, as: 'json' | 'text'): Reply {
  const { status, code, message, headers } = refusal;
  // Header values are latin1: a path in another script is announced escaped.
  const inHeader = /^[\x20-\x7e]*$/.test(message) ? message : encodeURI(message);
  const all = { ...headers, ...(code ? { 'X-Error-Code': code } : {}), 'X-Error-Message': inHeader };
  return as === 'json' ? jsonReply(status, { error: message }, all) : textReply(status, message, all);
}

const ASK_FOR_LOGIN = { 'WWW-Authenticate': 'Bearer realm="Authentication required", charset="UTF-8"' };

export const BAD_CREDENTIALS: Refusal = {
  status: 401,
  message: 'Invalid credentials in Authorization header',
  headers: ASK_FOR_LOGIN,
};

export const LOGIN_NEEDED: Refusal = {
  status: 401,
  message: 'Invalid username or password.',
  headers: ASK_FOR_LOGIN,
};

/** The Hub does not tell an anonymous caller whether a repository is missing or private. */
export function hiddenRepo(caller: Caller): Refusal {
  switch (caller.kind) {
    case 'anonymous':
      return LOGIN_NEEDED;
    case 'stranger':
      return BAD_CREDENTIALS;
    case 'user':
      return { status: 404, code: 'RepoNotFound', message: 'Repository not found' };
  }
}

export function maySee(repo: Repo, caller: Caller): boolean {
  return !repo.private || (caller.kind === 'user' && listed(caller.spec.reads, repo.id));
}

/** Listings of gated and disabled repositories stay public: only content is refused. */
export function contentRefusal(repo: Repo, caller: Caller, endpoint: string): Refusal | undefined {
  if (repo.disabled) return { status: 403, message: 'Access to this resource is disabled.' };
  if (repo.gated === false) return undefined;
  const restricted = `Access to ${repo.type} ${repo.id} is restricted`;
  switch (caller.kind) {
    case 'stranger':
      return BAD_CREDENTIALS;
    case 'anonymous':
      return {
        status: 401,
        code: 'GatedRepo',
        message: `${restricted}. You must have access to it and be authenticated to access it. Please log in.`,
        headers: ASK_FOR_LOGIN,
      };
    case 'user':
      return gateFor(repo, caller.spec, `${restricted} and you are not in the authorized list.`, endpoint);
  }
}

function gateFor(repo: Repo, token: TokenSpec, notListed: string, endpoint: string): Refusal | undefined {
  if (token.withoutGatedScope) {
    return {
      status: 403,
      message:
        'Please enable access to public gated repositories in your fine-grained token settings to view this repository.',
    };
  }
  if (listed(token.accepted, repo.id)) return undefined;
  const page = `${endpoint}/${repo.type === 'model' ? '' : `${repo.type}s/`}${repo.id}`;
  return { status: 403, code: 'GatedRepo', message: `${notListed} Visit ${page} to ask for access.` };
}

function listed(ids: readonly string[] | undefined, id: string): boolean {
  return ids?.includes(id) ?? false;
}
