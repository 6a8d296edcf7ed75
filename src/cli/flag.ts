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
  /** May be given again; commas and white space part the values, too. */
  readonly list?: true;
  /** The only words that it takes. */
  readonly choices?: readonly string[];
  /** Its value is the name of a file. */
  readonly file?: true;
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
  | 'workers'
  | 'chunkMib'
  | 'stateFile'
  | 'limitRate'
  | 'hfConnections'
  | 'hfMaxRetries'
  | 'ociMaxRetries'
  | 'caFile'
  | 'logStyle';
export type ListFlag = 'allowPatterns' | 'ignorePatterns' | 'alsoTag' | 'forget';
export type SwitchFlag =
  | 'force'
  | 'moveTag'
  | 'failFast'
  | 'continueOnError'
  | 'insecure'
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
} & { readonly [Name in SwitchFlag]?: true };

/** `--workers` of `--workers <n>`. */
export function longName({ flag }: Flag): string {
  return flag.replace(/ .*/, '');
}

export function takesValue({ flag }: Flag): boolean {
  return flag.includes(' <');
}

/** Items parted by commas or white space. */
export function list(text: string): readonly string[] {
  return text.split(/[\s,]+/).filter((item) => item !== '');
}
