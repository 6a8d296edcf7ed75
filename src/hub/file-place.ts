import { ModelcarError } from '../core/error.ts';
import { type Commit, formatModelId, type ModelId, type Sibling } from '../core/model.ts';
import { originOf } from '../http/origin.ts';
import { presentable } from '../http/presentable.ts';
import { isRedirect, redirectTarget } from '../http/redirect.ts';
import { isPassing } from '../http/retry.ts';
import { discard, type HttpResponse, readText } from '../http/transport.ts';
import { isFileUrl } from './endpoint.ts';
import { type HubClient, hubWaitMs } from './hub-client.ts';
import { hubError } from './hub-error.ts';
import { type SignedUrl, signedUrl } from './signed-url.ts';

/** Which file, at which commit. */
export interface HubFileName {
  readonly id: ModelId;
  readonly commit: Commit;
  readonly sibling: Sibling;
}

/** A failure that may pass, and how long the Hub wants us to wait. */
export interface Trouble {
  readonly failure: ModelcarError;
  readonly delayMs: number | undefined;
}

const HOPS = 10;
const REMINTS = 3;
/** An expired URL gets 403 as a rule; so does much else. */
const REFUSALS: ReadonlySet<number> = new Set([401, 403, 404, 410]);

/** CDNs refuse to send more than some 50 GB in one answer (https://github.com/meta-llama/llama-models/issues/37). */
const LARGEST_GET = 16 * 2 ** 30;

/**
 * Finds a file's bytes: asks the Hub where they are, keeps the signed URL that it gives for an hour, and asks for
 * another one when it is refused. The Hub is always asked without a `Range`: a URL minted by a request that has one
 * serves that one range only (https://github.com/huggingface/xet-core/issues/897).
 */
export class FilePlace {
  readonly #name: HubFileName;
  readonly #hub: HubClient;
  #signed: SignedUrl | undefined;
  #refusals = 0;

  constructor(name: HubFileName, hub: HubClient) {
    this.#name = name;
    this.#hub = hub;
  }

  /**
   * The answer that carries the file from `start` on, or the whole of it.
   * @throws ModelcarError what will not pass: access, a missing file, a place that refuses every URL
   */
  async get(start: number, signal: AbortSignal | undefined): Promise<HttpResponse | Trouble> {
    const { clock, endpoint } = this.#hub;
    const { id, commit, sibling } = this.#name;
    const known =
      this.#signed !== undefined && clock.now() < this.#signed.staleAt ? this.#signed.url : undefined;
    let stored = known !== undefined;
    let url = known ?? endpoint.file(id, commit, sibling.path);
    for (let hop = 0; hop < HOPS; hop += 1) {
      const bare = isFileUrl(url, commit);
      const response = await this.#ask(url, bare ? undefined : start, signal);
      const { location } = response.headers;
      if (!isRedirect(response) || location === undefined) {
        if (stored) return this.#fromStorage(response);
        if (!bare || start === 0 || response.status !== 200) return this.#fromHub(response);
        // The Hub sends the file itself, without a redirect: the same URL takes the range then.
        await discard(response);
        return this.#fromHub(await this.#ask(url, start, signal));
      }
      await discard(response);
      this.#checkLinked(response);
      const target = redirectTarget(url, location);
      if (bare && !isFileUrl(target, commit) && originOf(target) !== originOf(url)) {
        this.#signed = signedUrl(target, response, clock.now());
        stored = true;
      }
      url = target;
    }
    throw new ModelcarError(
      'UNSUPPORTED',
      `cannot ${this.#what()}: the Hub redirects more than ${HOPS} times`,
      { hint: 'Check that the endpoint is a Hugging Face Hub or a mirror of one.' },
    );
  }

  #ask(url: string, start: number | undefined, signal: AbortSignal | undefined): Promise<HttpResponse> {
    const headers = start === undefined ? {} : rangeFrom(start, this.#name.sibling.size);
    return this.#hub.bytes({ method: 'GET', url, headers, signal });
  }

  async #fromHub(response: HttpResponse): Promise<HttpResponse | Trouble> {
    const { id, commit } = this.#name;
    const { endpoint, authenticated, clock } = this.#hub;
    if (response.status === 200 || response.status === 206) return response;
    const delayMs = hubWaitMs(response, clock.date());
    const passing = isPassing(response.status);
    const question = { what: this.#what(), id, revision: commit, endpoint, authenticated };
    const failure = await hubError(response, question);
    if (passing) return { failure, delayMs };
    throw failure;
  }

  /** The answer of the CDN: what it refuses to one signed URL may be granted to the next. */
  async #fromStorage(response: HttpResponse): Promise<HttpResponse | Trouble> {
    const { status, headers } = response;
    if (status === 200 || status === 206) {
      this.#refusals = 0;
      return response;
    }
    const delayMs = hubWaitMs(response, this.#hub.clock.date());
    const said = presentable(await readText(response).catch(() => ''));
    const requestId = headers['x-amz-cf-id'] ?? headers['x-request-id'];
    const detail = [String(status), said, requestId && `(request ${requestId})`].filter(Boolean).join(' ');
    const message = `cannot ${this.#what()} from the Hub's storage: ${detail}`;
    const failure = new ModelcarError(status === 429 ? 'RATE_LIMITED' : 'UNAVAILABLE', message, {
      hint: 'Run the same command again.',
    });
    if (isPassing(status)) return { failure, delayMs };
    this.#signed = undefined;
    this.#refusals += 1;
    // Not every refusal is an expired URL, so asking for new ones must come to an end.
    if (REFUSALS.has(status) && this.#refusals <= REMINTS) return { failure, delayMs: 0 };
    throw new ModelcarError('UNSUPPORTED', message, {
      hint: REFUSALS.has(status)
        ? 'The storage refuses a fresh URL too; if it goes on, report the request to the Hub.'
        : 'The storage cannot serve this file; report the request to the Hub.',
    });
  }

  /** The redirect names what it leads to. A mirror that is behind, or a file that was replaced, shows here. */
  #checkLinked({ headers }: HttpResponse): void {
    const { path, size, oid } = this.#name.sibling;
    const linked = headers['x-linked-etag']?.replace(/^W\//, '').replaceAll('"', '');
    const linkedSize = headers['x-linked-size'];
    const sha256 = /^[0-9a-f]{64}$/.test(linked ?? '') ? linked : undefined;
    if (oid.algorithm === 'sha256' && sha256 !== undefined && sha256 !== oid.hex) {
      throw changed(path, `expected sha256 ${oid.hex}, got ${sha256}`);
    }
    if (linkedSize !== undefined && Number(linkedSize) !== size) {
      throw changed(path, `expected ${size} bytes, got ${linkedSize}`);
    }
  }

  #what(): string {
    return `read ${this.#name.sibling.path} of ${formatModelId(this.#name.id)}`;
  }
}

/** The rest of the file, or as much of it as one answer may carry. A server may give less, and may give all. */
function rangeFrom(start: number, size: number): Record<string, string> {
  if (size - start > LARGEST_GET) return { range: `bytes=${start}-${start + LARGEST_GET - 1}` };
  return start > 0 ? { range: `bytes=${start}-` } : {};
}

function changed(path: string, what: string): ModelcarError {
  return new ModelcarError('CONTENT_MISMATCH', `${path} at the Hub is not what it listed: ${what}`, {
    hint: 'A mirror may be behind the Hub; push again later, or from the Hub itself.',
  });
}
