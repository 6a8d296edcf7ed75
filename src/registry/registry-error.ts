import { type ErrorCode, ModelcarError } from '../core/error.ts';
import { presentable, presentablePage, withStatus } from '../http/presentable.ts';
import { type HttpResponse, readText } from '../http/transport.ts';
import { parseProblems, type RegistryProblem } from './wire.ts';

/** What an unwelcome answer says, short enough for one line. */
export interface Problem {
  readonly status: number;
  readonly codes: readonly string[];
  /** `403 DENIED: requested access to the resource is denied` */
  readonly text: string;
}

export async function readProblem(response: HttpResponse): Promise<Problem> {
  const body = await readText(response).catch(() => '');
  const problems = parseProblems(body);
  const said =
    problems.length > 0
      ? presentable(problems.map(formatProblem).join('; '), response)
      : presentablePage(body, response);
  return {
    status: response.status,
    codes: problems.map(({ code }) => code),
    text: withStatus(response.status, said),
  };
}

/** The error for an answer to `what`, such as `push the manifest to ghcr.io/acme/llama`. */
export async function registryError(what: string, response: HttpResponse): Promise<ModelcarError> {
  const problem = await readProblem(response);
  const code = codeFor(problem);
  const hint = hintFor(code, problem);
  return new ModelcarError(code, `cannot ${what}: ${problem.text}`, hint === undefined ? {} : { hint });
}

/** nginx finishes the handshake without a client certificate, or with a wrong one, and refuses with a page. */
const CERTIFICATE_REFUSED = /No required SSL certificate was sent|The SSL certificate error/;

export function codeFor({ status, codes, text }: Problem): ErrorCode {
  if (CERTIFICATE_REFUSED.test(text)) return 'UNAUTHORIZED';
  // Every layer was there a moment ago: the next run asks for each, and sends what has gone.
  if (codes.includes('MANIFEST_BLOB_UNKNOWN')) return 'UNAVAILABLE';
  if (status === 401 || status === 403 || codes.includes('DENIED')) return 'UNAUTHORIZED';
  if (status === 404 || codes.includes('NAME_UNKNOWN')) return 'NOT_FOUND';
  if (status === 429) return 'RATE_LIMITED';
  if (status === 408 || status >= 500) return 'UNAVAILABLE';
  return status >= 400 ? 'REJECTED' : 'UNSUPPORTED';
}

/** One imperative sentence; undefined where what the registry says has to do. */
export function hintFor(code: ErrorCode, { text }: Problem): string | undefined {
  // What nginx says to http on its TLS port.
  if (/plain HTTP request .*HTTPS port/i.test(text)) return 'Write https:// in front of the registry.';
  if (CERTIFICATE_REFUSED.test(text)) return CLIENT_CERTIFICATE;
  return HINTS[code];
}

const CLIENT_CERTIFICATE =
  'Put a client certificate that the registry accepts, as client.cert and client.key, into ~/.config/containers/certs.d/<host:port>.';

export const HINTS: Partial<Record<ErrorCode, string>> = {
  UNAUTHORIZED:
    'Log in with docker, podman or skopeo, or set OCI_USERNAME and OCI_PASSWORD, to an account that may do this.',
  NOT_FOUND:
    'Check the repository name; some registries (ECR, Harbor) want it, or its project, created first.',
  UNAVAILABLE: 'Run the same command again.',
  UNSUPPORTED: 'Check that this is a registry: it answers as something else would.',
  REJECTED: 'Read what the registry says; docs/errors.md has the usual causes.',
  RATE_LIMITED: 'Wait, then run the same command again.',
};

function formatProblem({ code, message, detail }: RegistryProblem): string {
  return [code, message, detail].filter((part) => part !== '').join(': ');
}
