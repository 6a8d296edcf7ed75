import type { Sibling } from '../model.ts';

/** Enough first bytes to tell a pickle from other formats. */
export const HEAD_BYTES = 64;

/** What the selection must read of a model, because names do not decide it. */
export interface EvidenceNeeded {
  /** Files whose first {@link HEAD_BYTES} bytes decide. */
  readonly heads: readonly Sibling[];
  /** Small JSON files, read whole: shard indexes, `config.json`, `adapter_config.json`. */
  readonly documents: readonly Sibling[];
}

/** What was read, by path. */
export interface Evidence {
  readonly heads: ReadonlyMap<string, Uint8Array>;
  /** Parsed JSON, not validated. A file that is no JSON is absent. */
  readonly documents: ReadonlyMap<string, unknown>;
}

export const NO_EVIDENCE: Evidence = { heads: new Map(), documents: new Map() };
