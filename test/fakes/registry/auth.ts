import { requireMarked } from '../../support/secrets.ts';
import { type Answer, refuse } from './answer.ts';
import { readAll } from './body.ts';
import type { Exchange, World } from './exchange.ts';
import { createTokenDesk, type IssuedToken, type TokenDesk } from './token-desk.ts';

export type AuthOptions = { readonly kind: 'none' } | BasicOptions | BearerOptions;

export interface BasicOptions {
  readonly kind: 'basic';
  readonly username: string;
  readonly password: string;
}

export interface BearerOptions {
  readonly kind: 'bearer';
  readonly username: string;
  readonly password: string;
  /** Default: that of the personality. */
  readonly tokenLifeSeconds?: number;
  /** distribution accepts a token for 60 s more than it says; the fake is strict unless told. */
  readonly leewaySeconds?: number;
  /** The token endpoint on a port of its own, so on another origin. */
  readonly realmOnOtherOrigin?: true;
  /** The realm says `http://` without a port, as behind a proxy that ends the TLS. */
  readonly realmWithoutTls?: true;
  /** Everybody may pull. */
  readonly anonymousPull?: true;
  /** Under which names the token comes. Default `token`. */
  readonly tokenField?: 'token' | 'access_token' | 'both';
  /** `absent`: the life is not told, which means 60 s (distribution's token spec). */
  readonly expiresIn?: 'sent' | 'absent';
  /** Seconds the token server's clock is ahead of ours; `absent` sends no issued_at. */
  readonly issuedAtSkew?: number | 'absent';
  /** `rotated`: each use of a refresh token spends it and brings a new one. */
  readonly refreshTokens?: 'none' | 'issued' | 'rotated';
  /** A refresh token that is good from the start, as `docker login` stores it. */
  readonly identityToken?: string;
  /** Some token servers know GET only. */
  readonly post?: 'accepted' | 404 | 405;
  /** The challenge as it stands in the 401. */
  readonly challenge?: 'bearer' | 'basic-then-bearer-one-header' | 'two-headers' | 'lower-case' | 'none';
  /** What a user really gets of what was asked. Default: all of it. */
  readonly grants?: (scope: Scope) => readonly string[];
}

export interface Scope {
  readonly repository: string;
  readonly actions: readonly string[];
}

export interface Auth {
  /** Every token handed out, oldest first. */
  readonly tokens: readonly IssuedToken[];
  /** From now on no token given so far is good. */
  revokeTokens(): void;
  /** Let time pass for the lives of tokens, and for nothing else. */
  passSeconds(seconds: number): void;
  /** The 401 for this request, or nothing. */
  refuse(world: World, exchange: Exchange): Answer | undefined;
  /** The token endpoint. */
  token(world: World, exchange: Exchange): Promise<Answer>;
}

const formLimit = 64 * 1024;
const service = 'fake-registry';

export function createAuth(
  options: AuthOptions = { kind: 'none' },
  origins: { main: () => string; other: () => string },
  tokenLifeSeconds = 300,
): Auth {
  if (options.kind !== 'none') requireMarked('the password', options.password);
  if (options.kind === 'bearer') requireMarked('the identity token', options.identityToken);
  const desk: TokenDesk | undefined =
    options.kind === 'bearer' ? createTokenDesk({ tokenLifeSeconds, ...options }) : undefined;

  function realm(): string {
    if (options.kind === 'bearer' && options.realmWithoutTls)
      return `http://${new URL(origins.main()).hostname}/token`;
    const other = options.kind === 'bearer' && options.realmOnOtherOrigin === true;
    return `${other ? origins.other() : origins.main()}/token`;
  }

  return {
    get tokens() {
      return desk?.tokens ?? [];
    },
    revokeTokens: () => desk?.revokeAll(),
    passSeconds: (seconds) => desk?.passSeconds(seconds),
    refuse(world, exchange) {
      // The second origin stands for pre-signed upload addresses, which carry their right in the address.
      if (exchange.entry.origin === 'other') return undefined;
      switch (options.kind) {
        case 'none':
          return undefined;
        case 'basic':
          return isBasic(exchange, options) ? undefined : unauthorized(['Basic realm="fake registry"']);
        case 'bearer': {
          const needs = scopesFor(world, exchange);
          const authorization = exchange.entry.authorization ?? '';
          const bearer = /^bearer (.+)$/i.exec(authorization)?.[1];
          const flaw = bearer === undefined ? 'no_token' : desk?.flawOf(bearer, needs);
          return flaw === undefined
            ? undefined
            : unauthorized(challenges(options.challenge ?? 'bearer', realm(), needs, flaw));
        }
      }
    },
    async token(world, exchange) {
      if (!desk || options.kind !== 'bearer') return { status: 404, headers: {} };
      if (exchange.entry.method === 'POST') {
        if (options.post === 404 || options.post === 405) return { status: options.post, headers: {} };
        const form = new URLSearchParams((await readAll(world, exchange, formLimit))?.toString());
        exchange.entry.form = form;
        return desk.answerForm(form);
      }
      exchange.entry.form = exchange.url.searchParams;
      const { authorization } = exchange.entry;
      if (authorization !== undefined && !isBasic(exchange, options)) return unauthorized([]);
      return desk.answerQuery(exchange.url.searchParams, authorization !== undefined);
    },
  };
}

/** What distribution asks for, verb by verb (registry/handlers/app.go, appendAccessRecords). */
function scopesFor(world: World, { entry, url }: Exchange): Scope[] {
  const { repository, method, pathClass } = entry;
  if (repository === '') return [];
  if (method === 'DELETE') {
    const cancels = pathClass === 'upload-delete' && world.personality.cancel.scope === 'push';
    return [{ repository, actions: cancels ? ['pull', 'push'] : ['delete'] }];
  }
  if (method === 'GET' || method === 'HEAD') return [{ repository, actions: ['pull'] }];
  const from =
    pathClass === 'upload-post' && url.searchParams.has('mount') ? url.searchParams.get('from') : null;
  const source: Scope[] = from === null ? [] : [{ repository: from, actions: ['pull'] }];
  return [{ repository, actions: ['pull', 'push'] }, ...source];
}

function challenges(
  form: NonNullable<BearerOptions['challenge']>,
  realm: string,
  needs: readonly Scope[],
  flaw: string,
): string[] {
  const scope = needs
    .map(({ repository, actions }) => `repository:${repository}:${actions.join(',')}`)
    .join(' ');
  const scopePart = scope === '' ? '' : `,scope="${scope}"`;
  const errorPart = flaw === 'no_token' ? '' : `,error="${flaw}"`;
  const parameters = `realm="${realm}",service="${service}"${scopePart}${errorPart}`;
  switch (form) {
    case 'bearer':
      return [`Bearer ${parameters}`];
    case 'basic-then-bearer-one-header':
      return [`Basic realm="fake, registry", Bearer ${parameters}`];
    case 'two-headers':
      return [`Bearer ${parameters}`, 'Basic realm="fake registry"'];
    case 'lower-case':
      return [`bearer ${parameters}`];
    case 'none':
      return [];
  }
}

function unauthorized(list: readonly string[]): Answer {
  const answer = refuse({ status: 401, code: 'UNAUTHORIZED', message: 'authentication required' });
  return list.length === 0 ? answer : { ...answer, challenges: list };
}

function isBasic({ entry }: Exchange, { username, password }: BasicOptions | BearerOptions): boolean {
  const encoded = /^basic (.+)$/i.exec(entry.authorization ?? '')?.[1] ?? '';
  return Buffer.from(encoded, 'base64').toString() === `${username}:${password}`;
}
