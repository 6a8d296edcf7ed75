import { isPassing } from '../../http/retry.ts';
import { parseRetryAfter } from '../../http/retry-after.ts';
import type { HttpResponse } from '../../http/transport.ts';
import { type Meaning, meaningOf, saidMeaning } from '../answer-meaning.ts';
import { type Problem, readProblem, refusalOf } from '../registry-error.ts';
import type { UploadReply } from './upload-state.ts';

/** Answers that any request of an upload may get. @param read the answer, if it was already read */
export async function readTrouble(
  response: HttpResponse,
  { date }: { readonly date: number },
  read?: Problem,
): Promise<UploadReply> {
  const { status, headers } = response;
  const problem = read ?? (await readProblem(response));
  const { text: reason } = problem;
  // First, because a registry may say of the token that it "has expired", and there is a new one already.
  if (status === 401 && response.renewed) {
    return { type: 'unauthorized', reason, failure: refusalOf(problem) };
  }
  const said = saidMeaning(problem);
  if (isFinal(said)) return refused(problem, said);
  if (isPassing(status) || status >= 500 || said === 'rate-limit') {
    const retryAfterMs = parseRetryAfter(headers['retry-after'], date);
    return { type: 'busy', reason, status: said === 'rate-limit' ? 429 : status, retryAfterMs };
  }
  // Gitea and Forgejo, of a second body without a range.
  if (/stream uploads after first write/i.test(reason)) return { type: 'unfit', want: 'range', reason };
  // olareg sends one code for a lost session and a different digest; its detail tells them apart.
  const differs = problem.codes.includes('DIGEST_INVALID') || problem.codes.includes('SIZE_INVALID');
  if (differs || /BLOB_UPLOAD_INVALID.*invalid digest/.test(problem.text)) {
    return { type: 'refused', failure: { code: 'CONTENT_MISMATCH', said: reason } };
  }
  const lost = problem.codes.some((code) => code === 'BLOB_UPLOAD_UNKNOWN' || code === 'BLOB_UPLOAD_INVALID');
  if (lost || (status === 404 && !problem.codes.includes('NAME_UNKNOWN'))) {
    return { type: 'session-lost', reason };
  }
  // In a session, a 405 refuses the method: the registry does accept uploads.
  const meaning = meaningOf(problem);
  return refused(problem, status === 405 && said === undefined ? 'not-let-through' : meaning);
}

/**
 * Whether the registry refuses the blob, whichever way it is sent. Others are about the session: "immutable" may mean that
 * another upload has finished the blob.
 */
export function isFinal(said: Meaning | undefined): said is Meaning {
  return said !== undefined && FINAL.has(said);
}

const FINAL: ReadonlySet<Meaning> = new Set<Meaning>([
  'read-only',
  'storage-full',
  'quota',
  'layer-too-large',
  'pull-only',
  'address-refused',
  'package-access',
  'expired',
  'no-right',
  'policy',
  'needs-tls',
  'needs-client-certificate',
]);

/** Final if the words say what is wrong; a status alone may be about this kind of request. */
export function refused(
  problem: Problem,
  meaning: Meaning = meaningOf(problem),
  final: boolean = isFinal(saidMeaning(problem)),
): UploadReply {
  const reply = { type: 'refused', failure: refusalOf(problem, meaning) } as const;
  return final ? { ...reply, final } : reply;
}
