import type { Caller, TokenSpec } from './auth.ts';
import type { Traits } from './personas.ts';
import type { Repo } from './repo-graph.ts';
import type { Signer } from './signing.ts';
import type { Speed } from './throttle.ts';

/** What a test may turn while the hub runs. */
export interface Knobs {
  /** Entries per page of a tree; 50 at most with `expand=true`. */
  pageSize: number;
  /** The origin written into `Link: rel="next"`; a proxy that does not rewrite leaves `https://huggingface.co`. */
  publicOrigin: string;
  urlLifeSeconds: number;
  /** URLs minted by a resolve with a Range serve that Range only. */
  rangeBound: boolean;
  /** What a URL serves that was minted by a resolve without a Range: with `whole` only the file in one piece. */
  bareUrls: 'any range' | 'whole' | 'nothing';
  /** So many of the next signed URLs name a key the CDN does not know. */
  unknownKeyMints: number;
  /** Signed URLs are escaped in ways that do not survive being parsed and printed again. */
  oddEscapes: boolean;
  /** Larger files are answered with 400 by the CDN (huggingface_hub#4330). */
  maxCdnBytes: number;
  /** The origin that signed URLs name, where it is not the CDN's own: a relay in front of it. */
  cdnOrigin: string | undefined;
  /** A request with Authorization at the CDN gets 400; it is recorded either way. */
  strictLeaks: boolean;
  /** What a token nobody issued gets on a public repository. */
  unknownToken: 'ignored' | 'refused';
  /** Files in the tree and 302s carry Xet hashes. */
  xet: boolean;
  /** Which files the resolve route answers itself, besides those marked `direct`. */
  direct: (asked: { readonly method: string; readonly lfs: boolean }) => boolean;
  /** What the ETag of an LFS file is where the resolve route answers itself. */
  directEtag: 'sha256' | 'blob';
  /** Every request is a 308 to the same target at this origin. */
  movedTo: string | undefined;
  speed: Speed;
}

export interface HubState {
  readonly repos: Repo[];
  readonly tokens: Record<string, TokenSpec>;
  readonly knobs: Knobs;
  readonly signer: Signer;
  /** `http://127.0.0.1:port` and the path prefix. */
  readonly endpoint: string;
  readonly pathPrefix: string;
  /** Origins of the CDN; mints take turns. */
  readonly cdnOrigins: readonly string[];
  mints: number;
  readonly traits: Traits;
  nowMs(): number;
}

/** One request, read as far as routes need it. */
export interface HubRequest {
  readonly method: string;
  readonly target: string;
  readonly query: URLSearchParams;
  readonly range: string | undefined;
  readonly accept: string;
  readonly acceptEncoding: string;
  readonly ifNoneMatch: string | undefined;
  readonly contentType: string;
  readonly caller: Caller;
  readonly body: () => Promise<Uint8Array>;
}

export const DEFAULT_KNOBS: Omit<Knobs, 'publicOrigin'> = {
  pageSize: 1000,
  urlLifeSeconds: 3600,
  rangeBound: true,
  bareUrls: 'any range',
  unknownKeyMints: 0,
  oddEscapes: false,
  maxCdnBytes: 400e9,
  cdnOrigin: undefined,
  strictLeaks: true,
  unknownToken: 'ignored',
  xet: true,
  direct: () => false,
  directEtag: 'sha256',
  movedTo: undefined,
  speed: {},
};
