/** Whether the text has an @ after a colon, as in `user:password@host`. */
export function holdsAccount(text: string): boolean {
  const colon = text.indexOf(':');
  return colon !== -1 && text.includes('@', colon);
}
