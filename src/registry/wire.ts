import * as v from 'valibot';
import { parseJson } from '../core/json.ts';
import { isTag } from '../core/reference.ts';

/** What is wrong with each of a million entries is of no interest, and would fill the memory. */
const FIRST_ISSUE = { abortEarly: true } as const;

const errorBody = v.object({
  errors: v.array(
    v.object({
      code: v.optional(v.string(), ''),
      message: v.optional(v.string(), ''),
      detail: v.optional(v.unknown()), // text in olareg, an object elsewhere
    }),
  ),
});

/** One entry of a registry's error answer (OCI distribution-spec, "Error Codes"). */
export interface RegistryProblem {
  readonly code: string;
  readonly message: string;
  /** Empty where it is not text. */
  readonly detail: string;
  /** The detail as JSON where it is not text: for us to read, not for a person. */
  readonly data: string;
}

/** What an error body says; nothing where it is not the registry's own, such as the HTML of a proxy. */
export function parseProblems(body: string): readonly RegistryProblem[] {
  const parsed = v.safeParse(errorBody, parseJson(body), FIRST_ISSUE);
  if (!parsed.success) return [];
  return parsed.output.errors.map(({ detail, ...problem }) => ({
    ...problem,
    ...(typeof detail === 'string'
      ? { detail, data: '' }
      : { detail: '', data: JSON.stringify(detail ?? '') }),
  }));
}

const tokenBody = v.object({
  token: v.optional(v.string()),
  access_token: v.optional(v.string()),
  expires_in: v.fallback(v.optional(v.pipe(v.number(), v.finite(), v.minValue(1))), undefined),
  refresh_token: v.fallback(v.optional(v.pipe(v.string(), v.nonEmpty())), undefined),
});

/** What a header can carry: a token with a line break in it could not be sent, or would be two headers. */
const SENDABLE = /^[\x21-\x7e]+$/;

export interface TokenAnswer {
  readonly token: string;
  /** Seconds from now on. */
  readonly expiresIn: number;
  /** Instead of the one that was exchanged for this, where that was one. */
  readonly refreshToken?: string | undefined;
}

/**
 * https://distribution.github.io/distribution/spec/auth/token/: a token without a life has 60 seconds; so has one whose life
 * is nothing that can be counted.
 */
export function parseTokenAnswer(body: string): TokenAnswer | undefined {
  const parsed = v.safeParse(tokenBody, parseJson(body), FIRST_ISSUE);
  if (!parsed.success) return undefined;
  const { token, access_token, expires_in = 60, refresh_token } = parsed.output;
  const sent = token || access_token || '';
  return SENDABLE.test(sent)
    ? { token: sent, expiresIn: expires_in, refreshToken: refresh_token }
    : undefined;
}

// The spec wants a list; an empty repository of some registries has `null`.
const tagsBody = v.object({ tags: v.nullish(v.array(v.string())) });

/** One page of `tags/list` (OCI distribution-spec, "Listing Tags"). What is no tag cannot be asked for, and is left out. */
export function parseTagsPage(body: string): readonly string[] | undefined {
  const parsed = v.safeParse(tagsBody, parseJson(body), FIRST_ISSUE);
  return parsed.success ? (parsed.output.tags ?? []).filter(isTag) : undefined;
}
