import { createHmac, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import { secret as markedSecret } from '../../support/secrets.ts';
import { type Budget, Content } from './content.ts';
import type { OffsetRule, Personality, RangeForm } from './personality.ts';

/** One upload that was begun and neither committed nor cancelled. */
export interface UploadSession {
  readonly id: string;
  readonly repository: string;
  readonly startedAt: string;
  readonly content: Content;
  /** Sizes of the writes so far, for rules about chunks. */
  readonly chunks: number[];
  poisoned: boolean;
  /** Bytes a dead connection's handler is still about to flush: they show up status by status. */
  late: { hidden: number; steps: number };
}

export interface Sessions {
  readonly open: ReadonlyMap<string, UploadSession>;
  begin(repository: string): UploadSession;
  find(repository: string, id: string): UploadSession | undefined;
  end(session: UploadSession): void;
  /** The Location's path and query for the bytes held now. */
  locationOf(session: UploadSession): string;
  /** The offset a Location carries: absent where the personality carries none, `broken` when forged. */
  offsetIn(
    place: { readonly repository: string; readonly id: string },
    url: URL,
  ): number | 'broken' | undefined;
  /** A restart without `http.secret`: every Location handed out before is worthless. */
  changeSecret(): void;
}

export function createSessions(personality: Personality, budget: Budget): Sessions {
  const open = new Map<string, UploadSession>();
  const rule = personality.offset;
  let secret = randomBytes(32);

  function stateOf(session: UploadSession): string {
    const { id, repository, startedAt, content } = session;
    if (!rule.signed) return Buffer.from(JSON.stringify({ offset: content.size })).toString('base64url');
    const text = JSON.stringify({
      Name: repository,
      UUID: id,
      Offset: content.size,
      StartedAt: startedAt,
      Mark: markedSecret('upload state'),
    });
    return Buffer.concat([sign(secret, text), Buffer.from(text)]).toString('base64url');
  }

  return {
    open,
    begin(repository) {
      const session: UploadSession = {
        id: randomUUID(),
        repository,
        startedAt: new Date().toISOString(),
        content: new Content(budget),
        chunks: [],
        poisoned: false,
        late: { hidden: 0, steps: 0 },
      };
      open.set(session.id, session);
      return session;
    },
    find(repository, id) {
      const session = open.get(id);
      return session?.repository === repository ? session : undefined;
    },
    end(session) {
      open.delete(session.id);
    },
    locationOf(session) {
      const path =
        personality.location === 'artifacts-uploads'
          ? `/artifacts-uploads/namespaces/${session.repository}/uploads/${session.id}`
          : `/v2/${session.repository}/blobs/uploads/${session.id}`;
      return rule.parameter === 'none' ? path : `${path}?${rule.parameter}=${stateOf(session)}`;
    },
    offsetIn(place, url) {
      return readOffset(rule, secret, url, place);
    },
    changeSecret() {
      secret = randomBytes(32);
    },
  };
}

function sign(secret: Buffer, text: string): Buffer {
  return createHmac('sha256', secret).update(text).digest();
}

const signatureBytes = 32;

function readOffset(
  rule: OffsetRule,
  secret: Buffer,
  url: URL,
  { repository, id }: { readonly repository: string; readonly id: string },
): number | 'broken' | undefined {
  if (rule.parameter === 'none') return undefined;
  const raw = Buffer.from(url.searchParams.get(rule.parameter) ?? '', 'base64url');
  const text = raw.subarray(rule.signed ? signatureBytes : 0).toString();
  if (rule.signed) {
    const signature = raw.subarray(0, signatureBytes);
    if (signature.length < signatureBytes || !timingSafeEqual(signature, sign(secret, text))) return 'broken';
  }
  try {
    const state: unknown = JSON.parse(text);
    if (typeof state !== 'object' || state === null) return 'broken';
    if (rule.signed && (!('UUID' in state) || state.UUID !== id)) return 'broken';
    if (rule.signed && (!('Name' in state) || state.Name !== repository)) return 'broken';
    const offset = 'Offset' in state ? state.Offset : 'offset' in state ? state.offset : undefined;
    return typeof offset === 'number' ? offset : 'broken';
  } catch {
    return 'broken';
  }
}

/** The Range header for a session; undefined where the form sends none. */
export function rangeHeader(form: RangeForm, session: UploadSession, size: number): string | undefined {
  switch (form) {
    case 'none':
      return undefined;
    case 'inclusive':
      return `0-${Math.max(0, size - 1)}`;
    case 'inclusive-minus-one':
      return `0-${size - 1}`;
    case 'bytes-inclusive-minus-one':
      return `bytes=0-${size - 1}`;
    case 'exclusive':
      return `0-${size}`;
    case 'bytes-exclusive':
      return `bytes=0-${size}`;
    case 'first-chunk':
      return `0-${Math.max(0, (session.chunks[0] ?? size) - 1)}`;
    case 'last-chunk':
      return `${Math.max(0, size - (session.chunks.at(-1) ?? size))}-${Math.max(0, size - 1)}`;
  }
}
