import { randomBytes } from 'node:crypto';
import { secret } from '../../support/secrets.ts';
import { type Answer, refuse } from './answer.ts';
import type { BearerOptions, Scope } from './auth.ts';

export interface IssuedToken {
  readonly token: string;
  readonly scopes: readonly Scope[];
  readonly anonymous: boolean;
  readonly expiresAt: number;
}

/** Gives out tokens and knows which of them are still good. */
export interface TokenDesk {
  readonly tokens: readonly IssuedToken[];
  flawOf(token: string, needs: readonly Scope[]): 'invalid_token' | 'insufficient_scope' | undefined;
  answerQuery(query: URLSearchParams, authenticated: boolean): Answer;
  answerForm(form: URLSearchParams): Answer;
  revokeAll(): void;
  passSeconds(seconds: number): void;
}

const defaultLifeSeconds = 300;

export function createTokenDesk(options: BearerOptions): TokenDesk {
  const tokens: IssuedToken[] = [];
  const revoked = new Set<string>();
  const refreshTokens = new Set(options.identityToken === undefined ? [] : [options.identityToken]);
  const life = options.tokenLifeSeconds ?? defaultLifeSeconds;
  let passed = 0;

  const now = (): number => Date.now() + passed * 1_000;

  function issue(asked: readonly Scope[], anonymous: boolean): IssuedToken {
    const scopes = asked.map((scope) => ({ ...scope, actions: granted(options, scope, anonymous) }));
    const token = `${secret('registry token')}.${randomBytes(24).toString('base64url')}`;
    const issued: IssuedToken = { token, scopes, anonymous, expiresAt: now() + life * 1_000 };
    tokens.push(issued);
    return issued;
  }

  function answer({ token }: IssuedToken, refreshToken: string | undefined): Answer {
    const { tokenField = 'token', expiresIn = 'sent', issuedAtSkew = 0 } = options;
    const body = {
      ...(tokenField === 'access_token' ? {} : { token }),
      ...(tokenField === 'token' ? {} : { access_token: token }),
      ...(expiresIn === 'absent' ? {} : { expires_in: life }),
      ...(issuedAtSkew === 'absent'
        ? {}
        : { issued_at: new Date(now() + issuedAtSkew * 1_000).toISOString() }),
      ...(refreshToken === undefined ? {} : { refresh_token: refreshToken }),
    };
    return {
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    };
  }

  function freshRefreshToken(): string | undefined {
    if ((options.refreshTokens ?? 'none') === 'none') return undefined;
    const token = `${secret('refresh token')}.${randomBytes(24).toString('base64url')}`;
    refreshTokens.add(token);
    return token;
  }

  return {
    tokens,
    flawOf(token, needs) {
      const known = tokens.find((issued) => issued.token === token);
      const leeway = (options.leewaySeconds ?? 0) * 1_000;
      if (!known || revoked.has(token) || now() >= known.expiresAt + leeway) return 'invalid_token';
      return needs.every((need) => covers(known.scopes, need)) ? undefined : 'insufficient_scope';
    },
    answerQuery(query, authenticated) {
      return answer(
        issue(parseScopes(query), !authenticated),
        authenticated ? freshRefreshToken() : undefined,
      );
    },
    answerForm(form) {
      const refresh = form.get('refresh_token') ?? '';
      const byPassword =
        form.get('grant_type') === 'password' &&
        form.get('username') === options.username &&
        form.get('password') === options.password;
      const byRefresh = form.get('grant_type') === 'refresh_token' && refreshTokens.has(refresh);
      if (!byPassword && !byRefresh) return refuse({ status: 401, code: 'UNAUTHORIZED' });
      if (byRefresh && options.refreshTokens === 'rotated') refreshTokens.delete(refresh);
      return answer(issue(parseScopes(form), false), freshRefreshToken());
    },
    revokeAll() {
      for (const { token } of tokens) revoked.add(token);
    },
    passSeconds(seconds) {
      passed += seconds;
    },
  };
}

/** `scope` may be repeated, and each may hold several, set apart by spaces (OAuth 2.0, RFC 6749 §3.3). */
function parseScopes(parameters: URLSearchParams): Scope[] {
  return parameters
    .getAll('scope')
    .flatMap((value) => value.split(' '))
    .flatMap((text) => {
      const match = /^repository:(.+):([a-z,*]+)$/.exec(text);
      return match ? [{ repository: match[1] ?? '', actions: (match[2] ?? '').split(',') }] : [];
    });
}

function granted(options: BearerOptions, scope: Scope, anonymous: boolean): readonly string[] {
  if (anonymous) return options.anonymousPull ? scope.actions.filter((action) => action === 'pull') : [];
  return options.grants?.(scope) ?? scope.actions;
}

function covers(scopes: readonly Scope[], { repository, actions }: Scope): boolean {
  const held = scopes.filter((scope) => scope.repository === repository).flatMap((scope) => scope.actions);
  return actions.every((action) => held.includes(action) || held.includes('*'));
}
