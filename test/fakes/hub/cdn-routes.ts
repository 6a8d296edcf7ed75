import { fileReply, type Reply, textReply, withHeaders } from './reply.ts';
import type { RefusalReason, Verdict } from './signing.ts';
import type { HubState } from './state.ts';

export interface CdnRequest {
  readonly method: string;
  readonly target: string;
  readonly range: string | undefined;
  readonly ifRange: string | undefined;
  readonly hadAuthorization: boolean;
}

export function verifyCdn(state: HubState, request: CdnRequest): Verdict {
  return state.signer.verify(request.target, request.range, state.nowMs());
}

export function answerCdn(state: HubState, request: CdnRequest, verdict: Verdict): Reply {
  if (request.hadAuthorization && state.knobs.strictLeaks) {
    return textReply(400, 'Only one auth mechanism allowed: Authorization header on a signed URL', EDGE);
  }
  if (!['GET', 'HEAD'].includes(request.method)) return textReply(405, 'Method Not Allowed', EDGE);
  if (!request.target.startsWith('/xet-bridge-us/')) return textReply(404, 'Not Found', EDGE);
  if (verdict.kind === 'refused') return withHeaders(refusal(verdict.reason, state.nowMs()), EDGE);
  const { file } = verdict;
  if (file.source.size > state.knobs.maxCdnBytes) return textReply(400, 'Bad Request', EDGE);
  const etag = `"${file.xetHash}"`;
  const stale = request.ifRange !== undefined && request.ifRange !== etag;
  return fileReply(file.source, stale ? undefined : request.range, {
    ...EDGE,
    'Content-Type': 'application/octet-stream',
    'Content-Disposition': file.contentDisposition,
    ETag: etag,
    'Cache-Control': 'public, max-age=31536000',
    'Last-Modified': 'Thu, 15 Jan 2026 09:30:00 GMT',
  });
}

const EDGE: Readonly<Record<string, string>> = {
  'X-Cache': 'Hit from cloudfront',
  Via: '1.1 loopback.cloudfront.net (CloudFront)',
};

function refusal(reason: RefusalReason, nowMs: number): Reply {
  switch (reason) {
    case 'bad signature':
      return textReply(403, 'Auth failed: SignatureError: signature mismatch');
    case 'unknown key':
      return textReply(403, 'Auth failed: SignatureError: invalid key pair id');
    case 'other range':
      return textReply(403, 'Auth failed: invalid range');
    case 'expired':
      return withHeaders(
        textReply(
          403,
          '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code>' +
            `<Message>Request has expired</Message><ServerTime>${new Date(nowMs).toISOString()}</ServerTime></Error>`,
        ),
        { 'Content-Type': 'application/xml' },
      );
  }
}
