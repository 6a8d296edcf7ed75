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
  /** Repeatable, or with several items in one value. White space separates words, but is part of a pattern. */
  readonly list?: 'words' | 'patterns';
  /** The only words that it takes. */
  readonly choices?: readonly string[];
  /** What to do instead of a value that is not one of `choices`, in lower case. */
  readonly insteadOf?: ReadonlyMap<string, string>;
  /** Its value is the name of a file. */
  readonly file?: true;
  /** Names in other tools. The parser accepts them, and the help lists them. */
  readonly aliases?: readonly string[];
  /** The help lists it only among the names of other tools. */
  readonly hidden?: true;
  /** `--name=false` differs from leaving it out. */
  readonly negatable?: true;
  /** It may do more than the user meant, so never suggest it for a typo. */
  readonly neverSuggested?: true;
  /** Values of a repeated flag are joined with commas, so that none is lost before it is checked. */
  readonly joined?: true;
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

/** Every name that the parser accepts for it. */
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

/** Items separated by commas or white space, as in the variables of the Python tool. */
export function words(text: string): readonly string[] {
  return nonEmpty(text.split(/[\s,]+/));
}

function nonEmpty(items: readonly string[]): readonly string[] {
  return items.filter((item) => item !== '');
}
