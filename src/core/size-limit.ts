/** The size from which on somebody is known to take or to give nothing. */
export interface SizeLimit {
  /** Bytes. */
  readonly size: number;
  /** Whose limit it is, as messages name them. */
  readonly whose: string;
  /** Otherwise it depends on what we do not know, such as the plan of the account. */
  readonly firm: boolean;
}
