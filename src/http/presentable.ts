import { withoutQuery } from './origin.ts';
import type { HttpResponse } from './transport.ts';

/** Knows what a server may repeat: an answer, or whoever sent the request. */
export type Redacting = Pick<HttpResponse, 'redact'>;

const LONGEST = 300;

/**
 * What a server said, for a message: short, on one line, and without anything that it repeats of our requests or that
 * looks like a secret.
 *
 * @param from the answer that it came with
 */
export function presentable(said: string, from: Redacting): string {
  const text = from
    .redact(said)
    .replace(/\s+/g, ' ')
    .replace(/\?[^\s"'<>]+/g, '?…')
    .replace(/(\/uploads?\/)[^\s?#"'<>]*[^\s?#"'<>:.,;)]/g, '$1…')
    .replace(/\/\/[^\s/@"'<>]*@/g, '//…@')
    .replace(SIGNED, '$1=…')
    .replace(CREDENTIALS, '$1 …')
    .trim();
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

const SIGNED = /\b(Signature|Policy|Key-Pair-Id|X-Amz-[\w-]+|_state)=[^&\s"'<>]*/gi;

/** `Basic authentication` and `Bearer token` are words about it. */
const CREDENTIALS =
  /\b(Bearer|Basic)(?: |: ?|=|%20|\+)(?!(?:auth\w*|tokens?|credentials?|realm|scheme|challenge)\b)[^\s"'<>,;]+/gi;

/** The same of a page that a proxy shows to browsers. A title that is the heading too is shown once. */
export function presentablePage(page: string, from: Redacting): string {
  // Before the markup goes too: a password may have angle brackets.
  const shown = from.redact(page);
  const title = /<title>([^<]{1,200})<\/title>/i.exec(shown)?.[1] ?? '';
  const words = withoutMarkup(shown);
  const isHeading = words.indexOf(title) !== words.lastIndexOf(title);
  return presentable(isHeading ? words.replace(title, '') : words, from);
}

/** The status, and what was said with it; many pages begin with the status themselves. */
export function withStatus(status: number, said: string): string {
  const more = said.replace(new RegExp(`^${status}\\b[\\s:,–-]*`), '');
  return more === '' ? `${status}` : `${status} ${more}`;
}

/** A URL that a server may have named, for a message: no query, no account, nothing that it repeats of our requests. */
export function shownUrl(url: string, from: Redacting): string {
  return from.redact(withoutQuery(url));
}

/** The words of a page; read in one pass, whatever is opened and never closed. */
export function withoutMarkup(page: string): string {
  const shown = page
    .split(/<\/(?:style|script)>/i)
    .map((part) => part.replace(/<(?:style|script)[\s\S]*$/i, ''));
  return shown.join(' ').replace(/<[^<>]*>/g, ' ');
}
