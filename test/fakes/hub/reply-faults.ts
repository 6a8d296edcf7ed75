import { gzipSync } from 'node:zlib';
import { concatSources, flippedSource, memorySource, readAll, sliceSource } from './byte-source.ts';
import type { Delivery } from './deliver.ts';
import { fileReply, headerOf, jsonReply, type Reply, withHeaders, withoutHeaders } from './reply.ts';

/** Faults that change an answer the Hub has made, or the way it travels. */
export type ReplyFault =
  /** A TCP reset after so many body bytes; what was in flight may be lost with it. */
  | { readonly kind: 'reset'; readonly afterBytes: number }
  /** A clean FIN short of the announced Content-Length. */
  | { readonly kind: 'cut'; readonly afterBytes: number }
  /** Silence in the middle of the body: for so long, or until the client gives up. */
  | { readonly kind: 'stall'; readonly afterBytes: number; readonly seconds?: number }
  | { readonly kind: 'drip'; readonly bytesPerSecond: number }
  /** 200 with the whole file; `above` spares ranges of up to so many bytes. */
  | { readonly kind: 'ignore-range'; readonly above?: number }
  /** `shift` moves start and end, `total` replaces the size; neither touches the bytes sent. */
  | { readonly kind: 'content-range'; readonly shift?: number; readonly total?: number | '*' }
  /** So many bytes more (or fewer, when negative) than asked, under a Content-Length that says so. */
  | { readonly kind: 'range-size'; readonly by: number }
  | { readonly kind: 'multipart-range' }
  | { readonly kind: 'range-refused' }
  /** No Content-Length: chunked for a GET, silence about the size for a HEAD. */
  | { readonly kind: 'chunked' }
  /** Chunked, and ended cleanly before all was sent: nothing on the wire shows that bytes are missing. */
  | { readonly kind: 'chunked-short'; readonly afterBytes: number }
  | { readonly kind: 'gzip' }
  | { readonly kind: 'drop-headers'; readonly names: readonly string[] }
  | { readonly kind: 'set-headers'; readonly headers: Readonly<Record<string, string>> }
  /** Rewrites where a redirect leads (absolute, protocol-relative, another scheme), or makes it a 301, 303, 308 … */
  | {
      readonly kind: 'edit-location';
      readonly edit?: (location: string) => string;
      readonly status?: number;
    }
  /** Turns one bit of the byte at this offset of the file, in the first answer (or answers) that hold it. */
  | { readonly kind: 'flip-byte'; readonly at: number }
  /** Changes the JSON of an answer; see `listing-lies.ts` for ready-made ones. */
  | { readonly kind: 'edit-json'; readonly edit: (value: unknown) => unknown }
  /** Rewrites (or with undefined drops) the Link to the next page. */
  | { readonly kind: 'edit-link'; readonly edit: (url: string) => string | undefined };

const BODY_FAULTS: ReadonlySet<ReplyFault['kind']> = new Set([
  'reset',
  'cut',
  'stall',
  'drip',
  'chunked-short',
  'flip-byte',
]);

/** Whether the fault would show: one that cannot is kept for a later answer. */
export function fits(fault: ReplyFault, reply: Reply, method: string): boolean {
  if (method === 'HEAD' && BODY_FAULTS.has(fault.kind)) return false;
  switch (fault.kind) {
    case 'reset':
    case 'cut':
    case 'stall':
    case 'chunked-short':
      return reply.body.size > fault.afterBytes;
    case 'ignore-range':
      return reply.status === 206 && reply.body.size > (fault.above ?? 0);
    case 'content-range':
    case 'range-size':
    case 'multipart-range':
    case 'range-refused':
      return reply.status === 206;
    case 'flip-byte':
      return (
        reply.part !== undefined && fault.at >= reply.part.range.start && fault.at < reply.part.range.end
      );
    case 'edit-json':
      return headerOf(reply, 'Content-Type')?.startsWith('application/json') ?? false;
    case 'edit-link':
      return headerOf(reply, 'Link')?.includes('rel="next"') ?? false;
    case 'edit-location':
      return headerOf(reply, 'Location') !== undefined;
    case 'gzip':
      return reply.body.size > 0;
    case 'drip':
    case 'chunked':
    case 'drop-headers':
    case 'set-headers':
      return true;
  }
}

export function shapeReply(fault: ReplyFault, reply: Reply): Reply {
  switch (fault.kind) {
    case 'ignore-range':
      return reply.part
        ? fileReply(
            reply.part.file,
            undefined,
            withoutHeaders(reply, ['Content-Range', 'Content-Length']).headers,
          )
        : reply;
    case 'content-range':
      return lyingContentRange(reply, fault);
    case 'range-size':
      return resized(reply, fault.by);
    case 'multipart-range':
      return multipart(reply);
    case 'range-refused':
      return refusedRange(reply);
    case 'chunked':
    case 'chunked-short':
      return withoutHeaders(reply, ['Content-Length']);
    case 'gzip':
      return gzipped(reply);
    case 'drop-headers':
      return withoutHeaders(reply, fault.names);
    case 'set-headers':
      return withHeaders(reply, fault.headers);
    case 'edit-location':
      return editedLocation(reply, fault);
    case 'flip-byte':
      return flipped(reply, fault.at);
    case 'edit-json':
      return editedJson(reply, fault.edit);
    case 'edit-link':
      return editedLink(reply, fault.edit);
    case 'reset':
    case 'cut':
    case 'stall':
    case 'drip':
      return reply;
  }
}

export function shapeDelivery(fault: ReplyFault, delivery: Delivery): Delivery {
  switch (fault.kind) {
    case 'reset':
    case 'cut':
      return { ...delivery, breakAfter: { bytes: fault.afterBytes, how: fault.kind } };
    case 'chunked-short':
      return { ...delivery, breakAfter: { bytes: fault.afterBytes, how: 'end' } };
    case 'stall':
      return { ...delivery, stall: { afterBytes: fault.afterBytes, seconds: fault.seconds } };
    case 'drip':
      return { ...delivery, bytesPerSecond: fault.bytesPerSecond };
    default:
      return delivery;
  }
}

function lyingContentRange(
  reply: Reply,
  { shift = 0, total }: ReplyFault & { kind: 'content-range' },
): Reply {
  if (!reply.part) return reply;
  const { start, end } = reply.part.range;
  const size = total ?? reply.part.file.size;
  return withHeaders(reply, { 'Content-Range': `bytes ${start + shift}-${end - 1 + shift}/${size}` });
}

function resized(reply: Reply, by: number): Reply {
  if (!reply.part) return reply;
  const { file, range } = reply.part;
  const end = Math.max(range.start, Math.min(file.size, range.end + by));
  const padding = memorySource(new Uint8Array(Math.max(0, range.end + by - end)));
  const body = concatSources(sliceSource(file, range.start, end), padding);
  return {
    ...withHeaders(reply, {
      'Content-Length': `${body.size}`,
      'Content-Range': `bytes ${range.start}-${range.start + body.size - 1}/${file.size}`,
    }),
    body,
  };
}

const BOUNDARY = 'THIS_STRING_SEPARATES';

function multipart(reply: Reply): Reply {
  const type = headerOf(reply, 'Content-Type') ?? 'application/octet-stream';
  const range = headerOf(reply, 'Content-Range') ?? '';
  const head = `\r\n--${BOUNDARY}\r\nContent-Type: ${type}\r\nContent-Range: ${range}\r\n\r\n`;
  const body = concatSources(
    memorySource(Buffer.from(head)),
    reply.body,
    memorySource(Buffer.from(`\r\n--${BOUNDARY}--\r\n`)),
  );
  const headers = {
    'Content-Type': `multipart/byteranges; boundary=${BOUNDARY}`,
    'Content-Length': `${body.size}`,
  };
  return { ...withHeaders(withoutHeaders(reply, ['Content-Range']), headers), body };
}

function refusedRange(reply: Reply): Reply {
  return reply.part ? fileReply(reply.part.file, `bytes=${reply.part.file.size}-`, {}) : reply;
}

function gzipped(reply: Reply): Reply {
  const body = memorySource(gzipSync(readAll(reply.body)));
  const bare = withoutHeaders(reply, ['Content-Length', 'Accept-Ranges']);
  return { ...withHeaders(bare, { 'Content-Encoding': 'gzip' }), body };
}

function flipped(reply: Reply, at: number): Reply {
  if (!reply.part) return reply;
  const { file, range } = reply.part;
  const body = flippedSource(reply.body, at - range.start);
  return { ...reply, body, part: { file: flippedSource(file, at), range } };
}

function editedJson(reply: Reply, edit: (value: unknown) => unknown): Reply {
  const value: unknown = JSON.parse(Buffer.from(readAll(reply.body)).toString('utf8'));
  const headers = withoutHeaders(reply, ['Content-Type', 'Content-Length']).headers;
  return jsonReply(reply.status, edit(value), headers);
}

function editedLink(reply: Reply, edit: (url: string) => string | undefined): Reply {
  const url = /<([^>]*)>/.exec(headerOf(reply, 'Link') ?? '')?.[1];
  if (url === undefined) return reply;
  const edited = edit(url);
  return edited === undefined
    ? withoutHeaders(reply, ['Link'])
    : withHeaders(reply, { Link: `<${edited}>; rel="next"` });
}

function editedLocation(
  reply: Reply,
  { edit = (location) => location, status = reply.status }: ReplyFault & { kind: 'edit-location' },
): Reply {
  const location = headerOf(reply, 'Location');
  return location === undefined ? reply : { ...withHeaders(reply, { Location: edit(location) }), status };
}
