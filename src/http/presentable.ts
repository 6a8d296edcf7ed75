import { withoutQuery } from './origin.ts';
import type { HttpResponse } from './transport.ts';

/** An answer, or the transport itself: it knows which secrets a server may repeat. */
export type Redacting = Pick<HttpResponse, 'redact'>;

const LONGEST = 300;

/**
 * Turns foreign text into message text: one short line, without secrets of our requests and without anything that looks
 * like a secret.
 *
 * @param from the answer that contains the text
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

/** `Basic authentication` and `Bearer token` are ordinary words. */
const CREDENTIALS =
  /\b(Bearer|Basic)(?: |: ?|=|%20|\+)(?!(?:auth\w*|tokens?|credentials?|realm|scheme|challenge)\b)[^\s"'<>,;]+/gi;

/** The same for a page that may be HTML. A title that the page repeats as its heading appears once. */
export function presentablePage(page: string, from: Redacting): string {
  // Redact first: a password may contain angle brackets, which look like markup.
  const shown = from.redact(page);
  const title = /<title>([^<]{1,200})<\/title>/i.exec(shown)?.[1] ?? '';
  const words = withoutMarkup(shown);
  // nginx writes the status before the one, and under the other.
  const name = title.replace(/^\s*\d{3}\s+/, '');
  const isHeading = words.indexOf(name) !== words.lastIndexOf(name);
  return presentable(isHeading ? words.replace(title, '') : words, from);
}

/** The status and the server's words. Many pages already begin or end with the status. */
export function withStatus(status: number, said: string): string {
  const more = said.replace(new RegExp(`^(?:${status}\\b[\\s:,–-]*)+|[\\s:,–-]+${status}$`, 'g'), '');
  return more === '' ? `${status}` : `${status} ${more}`;
}

/** A URL for a message, without query, account and secrets of our requests. Servers choose many URLs that we ask. */
export function shownUrl(url: string, from: Redacting): string {
  return from.redact(withoutQuery(url));
}

/** Takes one pass, even if a tag is never closed. */
function withoutMarkup(page: string): string {
  const shown = page
    .split(/<\/(?:style|script)>/i)
    .map((part) => part.replace(/<(?:style|script)[\s\S]*$/i, ''));
  return shown.join(' ').replace(/<[^<>]*>/g, ' ');
}
