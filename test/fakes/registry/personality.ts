import type { Answer, Refusal } from './answer.ts';
import type { Limits } from './limits.ts';
import type { Nodes } from './nodes.ts';

/** How an answer tells the bytes it holds; `n` bytes are stored. */
export type RangeForm =
  | 'none'
  /** `0-<n-1>`, and `0-0` for none: distribution cannot tell one byte from none. */
  | 'inclusive'
  /** `0-<n-1>`, and `0--1` for none. */
  | 'inclusive-minus-one'
  /** `bytes=0-<n-1>`, and `bytes=0--1` for none. */
  | 'bytes-inclusive-minus-one'
  /** `0-<n>`. */
  | 'exclusive'
  /** `bytes=0-<n>`. */
  | 'bytes-exclusive'
  /** Stays at the end of the first chunk. */
  | 'first-chunk'
  /** `<start of the last chunk>-<n-1>`. */
  | 'last-chunk';

/** What becomes of a session when the connection breaks in the middle of a body. */
export type AfterCut =
  /** What arrived stays; whether the client may go on is up to `staleOffset`. */
  | 'kept'
  | 'deleted'
  /** Only whole requests count. */
  | 'rolled-back'
  /** The status looks fine, yet every later write fails. */
  | 'poisoned';

export type ContentRangeRule =
  | 'ignored'
  | 'checked'
  /** Only looked at when there is a Content-Length too. */
  | 'checked-with-length'
  /** Bytes the registry has already are passed over; only a gap is refused. */
  | 'overlap-skipped'
  /** Only whether it is one. */
  | 'form-checked'
  | 'refused';

export interface OffsetRule {
  /** The query parameter of the Location that carries the offset; none: the Location stays the same. */
  readonly parameter: '_state' | 'state' | '_stateHash' | 'none';
  /** A signed state cannot be made up and dies with the registry's secret. */
  readonly signed: boolean;
  /** What a Location with an old offset gets, verb by verb; `fine` where the offset is not looked at. */
  readonly stale: Readonly<Record<'GET' | 'PATCH' | 'PUT' | 'DELETE', Refusal | 'fine'>>;
  /** What a missing or forged state gets, where the state is looked at. */
  readonly broken: Refusal;
}

export interface ChunkLimits {
  readonly min?: number;
  readonly max?: number;
  /** All chunks but the last must be of one size. */
  readonly equal?: true;
  /** Some registries only limit requests that call themselves chunks. */
  readonly only?: 'with-content-range';
  /** Chunks under `min` are only found out at the PUT. */
  readonly minRefusedAtPut?: true;
  readonly tooLarge: Refusal;
  readonly unequal?: Refusal;
}

/** One registry's behaviour as data. A new registry is a new record, not new code. */
export interface Personality {
  readonly name: string;
  /** Sent with every answer. */
  readonly headers: Readonly<Record<string, string>>;
  /** The media type of its errors. They are JSON whatever it says. */
  readonly errorType: string;
  /** The media type of its other JSON: the ping, the list of tags. */
  readonly listType: string;
  /** The answer to a path that is no part of the API. */
  readonly notRouted: Answer;
  readonly post: {
    readonly withoutSlash: 'redirected' | 'accepted' | 'not-found';
    readonly range: RangeForm;
    readonly headers: Readonly<Record<string, string>>;
    /** Whether `POST …?digest=` with the whole body is a finished upload, and what a wrong digest gets there. */
    readonly monolithic: 'ignored' | Refusal;
    readonly missingRepository: 'created' | 'connection-closed';
  };
  readonly location: 'absolute' | 'relative' | 'artifacts-uploads';
  /** Stands in the query of a Location before its state. */
  readonly locationQuery?: string;
  readonly uploadUuid: 'sent' | 'none';
  readonly offset: OffsetRule;
  readonly unknownSession: Refusal;
  readonly patch: {
    /** Some know the monolithic PUT alone. */
    readonly supported: 'yes' | Refusal;
    /** A body whose length is not told. */
    readonly withoutLength: 'accepted' | Refusal;
    readonly status: 201 | 202 | 204;
    readonly range: RangeForm;
    readonly contentRange: ContentRangeRule;
    /** A Content-Range that is not `<start>-<end>`, such as RFC 9110's `bytes 0-9/10`. */
    readonly brokenRange: Refusal;
    /** Who reads the start alone takes any end, also none. */
    readonly rangeEnd: 'read' | 'passed-over';
    /** Answer to a Content-Range at the wrong place, and what it tells about the right one. */
    readonly wrongRange: Refusal & { readonly tells: readonly ('range' | 'location')[] };
    /** A second PATCH without a Content-Range. */
    readonly streamAfterFirstWrite: 'accepted' | Refusal;
    /** Some servers read no Content-Range on the PUT that ends the upload. */
    readonly contentRangeOnPut: 'ignored' | 'checked';
    readonly contentType: 'any' | 'octet-stream-only';
    readonly chunks?: ChunkLimits;
  };
  readonly status:
    | { readonly supported: false; readonly refusal: Refusal }
    | {
        readonly supported: true;
        readonly range: RangeForm;
        readonly location: boolean;
        /** The same question by HEAD. */
        readonly head: 'answered' | Refusal;
      };
  readonly afterCut: AfterCut;
  readonly put: {
    readonly wrongDigest: Refusal & { readonly session: 'kept' | 'deleted' };
    /** No digest at all: a malformed one, or one that nothing has. */
    readonly noDigest: 'malformed' | 'wrong';
    readonly emptyAfterChunks: 'accepted' | Refusal;
    readonly maxBytes?: { readonly limit: number; readonly refusal: Refusal };
    /** To an upload that is a blob already; `unknown` as to one that never was. */
    readonly again: 'unknown' | Refusal;
    /** The registry's own algorithm is told, whatever the client asked for. */
    readonly digestAnswered: 'sha256' | 'as-asked';
  };
  /** How long its tokens live when the test says nothing of it. */
  readonly tokenLifeSeconds: number;
  readonly limits: Limits;
  readonly nodes: Nodes;
  readonly cancel: { readonly scope: 'push' | 'delete' };
  readonly mount: {
    readonly withFrom: 'mounted' | 'session';
    /** `?from=` without a `mount`. */
    readonly fromAlone: 'session' | Refusal;
    readonly withoutFrom: 'session' | 'any-repository';
    /** When the repository has the blob already, whatever `from` says. */
    readonly alreadyThere: 'as-any' | 'created';
    readonly notThere: 'session' | Refusal;
    readonly brokenDigest: 'session' | Refusal;
  };
  readonly manifest: {
    readonly maxBytes: number;
    readonly tooLarge: Refusal;
    /** A reference that is neither tag nor digest. */
    readonly brokenReference: Refusal | 'not-routed';
    /** A document of another `schemaVersion` than 2. */
    readonly otherSchema: Refusal | 'accepted';
    /** A document whose own `mediaType` is not that of the header. */
    readonly otherMediaType: Refusal | 'accepted';
    readonly withoutLength: 'accepted' | Refusal;
    readonly location: 'sent' | 'none';
    readonly unknownBlob: Refusal;
    /** Whether an index must name manifests that are there; both distribution 3 and olareg can be told to let it be. */
    readonly checksIndex: boolean;
    readonly unknown: Refusal;
    /** An OCI manifest stays hidden from a GET that does not ask for its type. */
    readonly hiddenWithoutAccept: Refusal;
    /** Sent with a manifest that is read. */
    readonly headers: Readonly<Record<string, string>>;
    /** `?tag=` names more tags (distribution-spec 1.2-dev); beside a tag it is refused. */
    readonly tagParameter: 'ignored' | 'digest-only';
    /** The answer to a PUT of an immutable tag that exists, whatever its digest; a PUT by digest still works. */
    readonly tagTaken: Refusal;
  };
  readonly referrers: 'none' | 'native';
  readonly tags: {
    /** `none`: the whole list, in no order, whatever `n` says. Else how `rel` is written in the Link (RFC 8288). */
    readonly pages: 'none' | 'quoted' | 'unquoted';
    /** Some find out that there is no more only when they are asked for it. */
    readonly linkAfter: 'more-there' | 'full-page';
    /** How a page without a tag is written: Go has two kinds of nothing. */
    readonly emptyPage: readonly [] | null;
    /** An `n` that is no number. */
    readonly brokenCount: Refusal | 'ignored';
    /** No page is longer, whatever `n` says: 100 in Quay. */
    readonly largestPage?: number;
    readonly unknownRepository: Refusal | 'empty-list';
  };
  readonly etags: 'sent' | 'none';
  /**
   * What happens to a large body that nobody wants. Go answers and closes at once; where the body is wrapped, as
   * distribution 3 does for its traces, Go reads 256 KiB of it before it answers. Most proxies read it to the end.
   */
  readonly unreadBody: 'closed' | 'closed-late' | 'drained';
}
