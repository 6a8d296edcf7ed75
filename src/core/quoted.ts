/** The user's own words for a message, in quotes; no part of words that may hold a password. */
export function quoted(text: string): string {
  return mayHoldPassword(text) ? '"…" (not shown: there may be a password in it)' : `"${text}"`;
}

/** An @ behind a colon, unless it begins a digest: what is in front of it may be an account, whatever the URL parser says. */
function mayHoldPassword(text: string): boolean {
  const colon = text.indexOf(':');
  return colon !== -1 && /@(?!sha\d+:)/i.test(text.slice(colon));
}
