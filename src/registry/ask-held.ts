import { isPassing } from '../http/retry.ts';
import { discard, type HttpRequest, type HttpResponse, type Transport } from '../http/transport.ts';

/** Whether the registry refused a HEAD before: then start with GET. */
export interface HeadMemory {
  isRefused: boolean;
}

/**
 * Asks with HEAD whether content exists; if that is refused, with a GET of its first byte. A proxy may let only GET
 * through, and a signed URL of storage is valid for one method (containerd/stargz-snapshotter#167).
 */
export async function askHeld(
  request: Pick<HttpRequest, 'url' | 'headers' | 'signal'>,
  api: Transport,
  head: HeadMemory,
): Promise<HttpResponse> {
  if (head.isRefused) return askFirstByte(request, api);
  const response = await api({ ...request, method: 'HEAD' });
  if (!refusesReading(response)) return response;
  head.isRefused = true;
  await discard(response);
  return askFirstByte(request, api);
}

/** Tells the same as HEAD, and the total length even if a proxy removes it from answers to HEAD. */
export function askFirstByte(
  { headers, ...request }: Pick<HttpRequest, 'url' | 'headers' | 'signal'>,
  api: Transport,
): Promise<HttpResponse> {
  return api({ ...request, method: 'GET', headers: { ...headers, range: 'bytes=0-0' } });
}

/** Whether the answer proves neither that the content exists nor that it does not. */
export function refusesReading({ status }: HttpResponse): boolean {
  const isAbsent = status === 404 || status === 410;
  return (status >= 400 && status < 500 && !isAbsent && !isPassing(status)) || status === 501;
}

export function isThere({ status }: HttpResponse): boolean {
  return [200, 204, 206].includes(status);
}

/** The length of the whole content; undefined if the answer does not say. */
export function totalLength({ status, headers }: HttpResponse): number | undefined {
  // `bytes 0-0/1234`, and `bytes */0` with a 416: an empty blob has no first byte (RFC 9110, section 15.5.17)
  const range = /^bytes (?:\d+-\d+|\*)\/(\d{1,15})$/.exec(headers['content-range'] ?? '');
  if (range) return Number(range[1]);
  // Compressed content has another length.
  const encoding = headers['content-encoding'] ?? 'identity';
  const length = headers['content-length'] ?? '';
  return status === 200 && encoding === 'identity' && /^\d{1,15}$/.test(length) ? Number(length) : undefined;
}
