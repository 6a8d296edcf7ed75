/** An @ behind a colon, as in `user:password@host`, whatever is around it. */
export function holdsAccount(text: string): boolean {
  const colon = text.indexOf(':');
  return colon !== -1 && text.includes('@', colon);
}
