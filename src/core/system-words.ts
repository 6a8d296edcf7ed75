const WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  ENOTDIR: 'a part of its path is no folder',
  EISDIR: 'it is a folder',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
};

/** What the system says about a file that the message names already: without its code, call and path. */
export function systemWords(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (!('code' in error)) return error.message;
  const code = String(error.code);
  return WORDS[code] ?? error.message.replace(`${code}: `, '').replace(/, [a-z]+( '.*)?$/s, '');
}
