import { type ByteSource, memorySource, sliceSource } from './byte-source.ts';
import { type ByteRange, readRange } from './range.ts';

/** An answer before it is sent: faults change it, `deliver` sends it. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: ByteSource;
  /** Which part of which file the body is, for faults that aim at a byte of the file. */
  readonly part?: FilePart;
}

interface FilePart {
  readonly file: ByteSource;
  readonly range: ByteRange;
}

export const NO_BODY: ByteSource = memorySource(new Uint8Array());

export function jsonReply(
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): Reply {
  return bodyReply(status, 'application/json; charset=utf-8', JSON.stringify(value), headers);
}

export function textReply(
  status: number,
  value: string,
  headers: Readonly<Record<string, string>> = {},
): Reply {
  return bodyReply(status, 'text/plain; charset=utf-8', value, headers);
}

export function htmlReply(
  status: number,
  value: string,
  headers: Readonly<Record<string, string>> = {},
): Reply {
  return bodyReply(status, 'text/html; charset=utf-8', value, headers);
}

export function redirectReply(
  status: number,
  location: string,
  headers: Readonly<Record<string, string>> = {},
): Reply {
  return textReply(status, `Temporary Redirect. Redirecting to ${location}`, {
    ...headers,
    Location: location,
  });
}

function bodyReply(
  status: number,
  contentType: string,
  value: string,
  headers: Readonly<Record<string, string>>,
): Reply {
  const bytes = Buffer.from(value, 'utf8');
  return {
    status,
    headers: { 'Content-Type': contentType, 'Content-Length': `${bytes.length}`, ...headers },
    body: memorySource(bytes),
  };
}

/** 200, 206 or 416 for one file; several ranges at once are answered with the whole file, as S3 does. */
export function fileReply(
  file: ByteSource,
  rangeHeader: string | undefined,
  headers: Readonly<Record<string, string>>,
): Reply {
  const request = readRange(rangeHeader, file.size);
  switch (request.kind) {
    case 'whole':
      return {
        status: 200,
        headers: { ...headers, 'Accept-Ranges': 'bytes', 'Content-Length': `${file.size}` },
        body: file,
        part: { file, range: { start: 0, end: file.size } },
      };
    case 'unsatisfiable':
      return textReply(416, 'Requested Range Not Satisfiable', { 'Content-Range': `bytes */${file.size}` });
    case 'part':
      return partReply(file, request.range, headers);
  }
}

function partReply(file: ByteSource, range: ByteRange, headers: Readonly<Record<string, string>>): Reply {
  const { start, end } = range;
  return {
    status: 206,
    headers: {
      ...headers,
      'Accept-Ranges': 'bytes',
      'Content-Length': `${end - start}`,
      'Content-Range': `bytes ${start}-${end - 1}/${file.size}`,
    },
    body: sliceSource(file, start, end),
    part: { file, range },
  };
}

/** Header names are matched as HTTP does, whatever their case. */
export function headerOf(reply: Reply, name: string): string | undefined {
  const wanted = name.toLowerCase();
  return Object.entries(reply.headers).find(([key]) => key.toLowerCase() === wanted)?.[1];
}

export function withoutHeaders(reply: Reply, names: readonly string[]): Reply {
  const dropped = new Set(names.map((name) => name.toLowerCase()));
  const kept = Object.entries(reply.headers).filter(([key]) => !dropped.has(key.toLowerCase()));
  return { ...reply, headers: Object.fromEntries(kept) };
}

export function withHeaders(reply: Reply, headers: Readonly<Record<string, string>>): Reply {
  const bare = withoutHeaders(reply, Object.keys(headers));
  return { ...bare, headers: { ...bare.headers, ...headers } };
}
