/** One flag of a command, as data: the parser, the variables, the help, the completion and docs/cli.md come from it. */
export interface Flag {
  /** As the parser takes it, such as `--workers <n>`. */
  readonly flag: string;
  /** Variables that stand in for it where it is not given; the first that is not empty counts. */
  readonly env?: readonly string[];
  readonly group: string;
  readonly about: string;
  /** What it does where neither flag nor variable says anything. */
  readonly otherwise?: string;
  /** May be given again, or holds several items. White space is part of a pattern, and separates words. */
  readonly list?: 'words' | 'patterns';
  /** The only words that it takes. */
  readonly choices?: readonly string[];
  /** Its value is the name of a file. */
  readonly file?: true;
  /** What other tools call it: the parser takes these names too, and the help names them in one line. */
  readonly aliases?: readonly string[];
  /** The help names it only in the line of what other tools call it. */
  readonly hidden?: true;
  /** `--name=false` means something else than leaving it out. */
  readonly negatable?: true;
  /** It does more than what was asked for, so a slip of the keys never leads to it. */
  readonly neverSuggested?: true;
}

/** Flags that take a text, those that take several, and those that take nothing; by the names that the parser gives. */
export type TextFlag =
  | 'hfRepo'
  | 'hfRevision'
  | 'hfEndpoint'
  | 'registry'
  | 'targetRepo'
  | 'targetTag'
  | 'layerPrefix'
  | 'source'
  | 'tarLayout'
  | 'pickles'
  | 'workers'
  | 'chunkMib'
  | 'stateFile'
  | 'limitRate'
  | 'hfConnections'
  | 'hfMaxRetries'
  | 'ociMaxRetries'
  | 'caFile'
  | 'authfile'
  | 'logStyle';
export type ListFlag = 'allowPatterns' | 'ignorePatterns' | 'alsoTag' | 'forget';
export type SwitchFlag =
  | 'force'
  | 'moveTag'
  | 'failFast'
  | 'continueOnError'
  | 'insecure'
  | 'tlsVerify'
  | 'plainHttp'
  | 'verbose'
  | 'quiet'
  | 'dryRun'
  | 'json';
export type FlagName = TextFlag | ListFlag | SwitchFlag;

/** The flags of one command. */
export type Flags = Readonly<Partial<Record<FlagName, Flag>>>;

/** What the parser makes of the flags that were given. */
export type Words = { readonly [Name in TextFlag]?: string } & {
  readonly [Name in ListFlag]?: readonly string[];
} & { readonly [Name in SwitchFlag]?: boolean };

/** `--workers` of `--workers <n>`. */
export function longName({ flag }: Flag): string {
  return flag.replace(/ .*/, '');
}

/** Every name that the parser takes for it. */
export function namesOf(flag: Flag): readonly string[] {
  return [longName(flag), ...(flag.aliases ?? [])];
}

export function takesValue({ flag }: Flag): boolean {
  return flag.includes(' <');
}

/** The items of one value of a flag. Names of files contain spaces, tags do not. */
export function itemsOf(kind: 'words' | 'patterns', text: string): readonly string[] {
  return kind === 'words' ? words(text) : nonEmpty(text.split(',').map((item) => item.trim()));
}

/** Items separated by commas or white space, as the Python tool has them in its variables. */
export function words(text: string): readonly string[] {
  return nonEmpty(text.split(/[\s,]+/));
}

function nonEmpty(items: readonly string[]): readonly string[] {
  return items.filter((item) => item !== '');
}
