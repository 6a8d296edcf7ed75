import * as v from 'valibot';
import { parseJson } from '../core/json.ts';
import { isTag } from '../core/reference.ts';

const errorBody = v.object({
  errors: v.array(
    v.object({
      code: v.optional(v.string(), ''),
      message: v.optional(v.string(), ''),
      detail: v.fallback(v.optional(v.string(), ''), ''), // text in olareg, an object elsewhere
    }),
  ),
});

/** One entry of a registry's error answer (OCI distribution-spec, "Error Codes"). */
export interface RegistryProblem {
  readonly code: string;
  readonly message: string;
  /** Empty where it is not text. */
  readonly detail: string;
}

/** What an error body says; nothing where it is not the registry's own, such as the HTML of a proxy. */
export function parseProblems(body: string): readonly RegistryProblem[] {
  const parsed = v.safeParse(errorBody, parseJson(body));
  return parsed.success ? parsed.output.errors : [];
}

const tokenBody = v.object({
  token: v.optional(v.string()),
  access_token: v.optional(v.string()),
  // One that is no number, or no time at all, is as good as none.
  expires_in: v.fallback(v.optional(v.pipe(v.number(), v.gtValue(0))), undefined),
  refresh_token: v.fallback(v.optional(v.pipe(v.string(), v.nonEmpty())), undefined),
});

export interface TokenAnswer {
  readonly token: string;
  /** Seconds from now on. */
  readonly expiresIn: number;
  /** Instead of the one that was exchanged for this, where that was one. */
  readonly refreshToken?: string | undefined;
}

/** https://distribution.github.io/distribution/spec/auth/token/: a token without a life has 60 seconds. */
export function parseTokenAnswer(body: string): TokenAnswer | undefined {
  const parsed = v.safeParse(tokenBody, parseJson(body));
  if (!parsed.success) return undefined;
  const { token, access_token, expires_in = 60, refresh_token } = parsed.output;
  const value = token || access_token;
  return value ? { token: value, expiresIn: expires_in, refreshToken: refresh_token } : undefined;
}

// The spec wants a list; an empty repository of some registries has `null`.
const tagsBody = v.object({ tags: v.nullish(v.array(v.string())) });

/** One page of `tags/list` (OCI distribution-spec, "Listing Tags"). What is no tag cannot be asked for, and is left out. */
export function parseTagsPage(body: string): readonly string[] | undefined {
  const parsed = v.safeParse(tagsBody, parseJson(body));
  return parsed.success ? (parsed.output.tags ?? []).filter(isTag) : undefined;
}
