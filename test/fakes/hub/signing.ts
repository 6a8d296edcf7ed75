import { createHmac, timingSafeEqual } from 'node:crypto';
import { secret } from '../../support/secrets.ts';
import type { ByteSource } from './byte-source.ts';

/** What a signed URL gives access to; the fake keeps it to name the file in its log. */
interface SignedFile {
  readonly repo: string;
  readonly path: string;
  readonly source: ByteSource;
  readonly xetHash: string;
  readonly objectId: string;
  readonly contentDisposition: string;
}

interface MintRequest {
  readonly file: SignedFile;
  readonly nowMs: number;
  readonly lifeSeconds: number;
  /** The Range of the resolve request, when URLs are bound to it. */
  readonly range: string | undefined;
  /** What the URL serves where there is no such Range. */
  readonly bare: 'any range' | 'whole' | 'nothing';
  readonly origin: string;
  readonly knownKey: boolean;
  /** Query escapes that a client rebuilding the URL would change, and so break the signature. */
  readonly oddEscapes: boolean;
}

export type Verdict =
  | { readonly kind: 'ok'; readonly file: SignedFile }
  | { readonly kind: 'refused'; readonly reason: RefusalReason; readonly file?: SignedFile };

export type RefusalReason = 'bad signature' | 'unknown key' | 'expired' | 'other range';

export interface Signer {
  mint(request: MintRequest): string;
  verify(target: string, range: string | undefined, nowMs: number): Verdict;
  /** Every URL minted so far is expired from now on, whatever its `Expires` says. */
  expireAll(): void;
}

const KNOWN_KEY_ID = 'K01KAYH2QF5M6ZT';
const UNKNOWN_KEY_ID = 'K00UNKNOWNKEYID';
const SECRET = 'a secret of the loopback CDN';

interface Ticket {
  readonly file: SignedFile;
  readonly expiresAtMs: number;
  readonly serves: (range: string | undefined) => boolean;
}

export function createSigner(): Signer {
  const tickets = new Map<string, Ticket>();
  let minted = 0;
  const expired = new WeakSet<Ticket>();
  return {
    mint(request) {
      minted += 1;
      const target = signedTarget(request, minted);
      const { file, nowMs, lifeSeconds } = request;
      tickets.set(target, { file, serves: servedBy(request), expiresAtMs: nowMs + lifeSeconds * 1000 });
      return request.origin + target;
    },
    verify(target, range, nowMs) {
      if (!signatureHolds(target)) return { kind: 'refused', reason: 'bad signature' };
      const ticket = tickets.get(target);
      if (ticket === undefined) return { kind: 'refused', reason: 'bad signature' };
      const { file } = ticket;
      if (!target.includes(`Key-Pair-Id=${KNOWN_KEY_ID}`)) {
        return { kind: 'refused', reason: 'unknown key', file };
      }
      if (expired.has(ticket) || nowMs >= ticket.expiresAtMs) {
        return { kind: 'refused', reason: 'expired', file };
      }
      if (!ticket.serves(range)) {
        return { kind: 'refused', reason: 'other range', file };
      }
      return { kind: 'ok', file };
    },
    expireAll() {
      for (const ticket of tickets.values()) expired.add(ticket);
    },
  };
}

function servedBy({ range, bare }: MintRequest): Ticket['serves'] {
  if (range !== undefined) return (asked) => asked === range;
  return (asked) => bare === 'any range' || (bare === 'whole' && asked === undefined);
}

function signedTarget(request: MintRequest, serial: number): string {
  const { file, nowMs, lifeSeconds, range, origin, oddEscapes } = request;
  const expires = Math.ceil(nowMs / 1000 + lifeSeconds);
  const disposition = encodeURIComponent(file.contentDisposition)
    .replaceAll('%20', '+')
    .replaceAll("'", '%27');
  const path = `/xet-bridge-us/${file.objectId}/${file.xetHash}`;
  const query = [
    'X-Xet-Cas-Uid=public',
    `response-content-disposition=${oddEscapes ? withOddEscapes(disposition) : disposition}`,
    'user_id=public',
    // Two mints within one second must differ, as they do on the real CDN.
    `x-id=GetObject${serial}`,
    `Expires=${expires}`,
    `Policy=${encodePolicy(`${origin}${path}`, expires, range)}`,
  ].join('&');
  const keyId = request.knownKey ? KNOWN_KEY_ID : UNKNOWN_KEY_ID;
  return `${path}?${query}&Signature=${sign(`${path}?${query}&Key-Pair-Id=${keyId}`)}&Key-Pair-Id=${keyId}`;
}

/** Lower-case hex, an escaped letter, a bare quote: all legal, and none survives a decode and encode. */
function withOddEscapes(escaped: string): string {
  return escaped.replace('inline', 'inl%69ne').replace('%3B', '%3b').replace('%27%27', "''");
}

/** The policy document of CloudFront; a URL minted with a Range carries that header as a condition. */
function encodePolicy(resource: string, expires: number, range: string | undefined): string {
  const condition = {
    DateLessThan: { EpochTime: expires },
    ...(range === undefined ? {} : { ByteRange: { ExpectedHeader: range } }),
  };
  const policy = JSON.stringify({
    Id: secret('cdn policy'),
    Statement: [{ Resource: `${resource}?user_id=public&*`, Condition: condition }],
  });
  return cloudFrontBase64(Buffer.from(policy, 'utf8'));
}

function sign(signedText: string): string {
  const mac = createHmac('sha256', SECRET).update(signedText).digest();
  // The dot ends the name: a byte of the signature may be a letter too.
  return cloudFrontBase64(Buffer.concat([Buffer.from(`${secret('cdn signature')}.`), mac]));
}

/** CloudFront's own alphabet for base64 in URLs. */
function cloudFrontBase64(value: Buffer): string {
  return value.toString('base64').replaceAll('+', '-').replaceAll('=', '_').replaceAll('/', '~');
}

function signatureHolds(target: string): boolean {
  const match = /&Signature=([^&]*)/.exec(target);
  if (!match) return false;
  const expected = Buffer.from(sign(target.replace(match[0], '')));
  const given = Buffer.from(match[1] ?? '');
  return expected.length === given.length && timingSafeEqual(expected, given);
}
