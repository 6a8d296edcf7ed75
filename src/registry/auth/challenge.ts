/** What a registry asks for with a 401 (RFC 9110, section 11.6.1). Names in lower case. */
export interface Challenge {
  readonly scheme: string;
  readonly parameters: Readonly<Record<string, string | undefined>>;
}

/** A challenge as plain data, which threads can pass on without the answer that carried it. */
export interface ShownChallenge extends Challenge {
  /** The realm as messages show it: a server may repeat our request in it. */
  readonly shownRealm: string;
}

const TOKEN = String.raw`[!#$%&'*+.^_\x60|~0-9A-Za-z-]+`;
const PARAMETER = new RegExp(String.raw`^(${TOKEN})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|(${TOKEN}))`);
const SCHEME = new RegExp(String.raw`^(${TOKEN})(?=\s|,|$)(?!\s*=)`);

/**
 * The challenges of a `WWW-Authenticate` header. Several can stand in one header or in several joined by commas,
 * and a comma parts the parameters of one challenge too; what follows a name tells them apart.
 */
export function parseChallenges(header: string | undefined): readonly Challenge[] {
  const challenges: { scheme: string; parameters: Record<string, string | undefined> }[] = [];
  let rest = header ?? '';
  for (;;) {
    rest = rest.replace(/^[\s,]+/, '');
    const parameter = PARAMETER.exec(rest);
    const scheme = parameter ? null : SCHEME.exec(rest);
    const [text, name = ''] = parameter ?? scheme ?? [''];
    if (text === '') return challenges;
    rest = rest.slice(text.length);
    const current = challenges.at(-1);
    if (scheme) challenges.push({ scheme: name.toLowerCase(), parameters: {} });
    else if (parameter && current) {
      current.parameters[name.toLowerCase()] = parameter[2]?.replace(/\\(.)/g, '$1') ?? parameter[3];
    }
  }
}
