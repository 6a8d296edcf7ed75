/** The user's own words, quoted for a message; a placeholder if they may contain a password. */
export function quoted(text: string): string {
  return mayHoldPassword(text) ? '"…" (not shown: there may be a password in it)' : `"${text}"`;
}

/** An @ after a colon, unless it begins a digest: the text before it may be an account, even if the URL parser disagrees. */
function mayHoldPassword(text: string): boolean {
  const colon = text.indexOf(':');
  return colon !== -1 && /@(?!sha\d+:)/i.test(text.slice(colon));
}
