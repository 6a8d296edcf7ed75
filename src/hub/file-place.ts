import { ModelcarError } from '../core/error.ts';
import { formatModelId } from '../core/model.ts';
import { originOf } from '../http/origin.ts';
import { presentable } from '../http/presentable.ts';
import { isRedirect, redirectTarget } from '../http/redirect.ts';
import { isPassing } from '../http/retry.ts';
import { discard, type HttpRequest, type HttpResponse } from '../http/transport.ts';
import { isFileUrl } from './endpoint.ts';
import { type HubClient, hubWaitMs } from './hub-client.ts';
import { hubError } from './hub-error.ts';
import { type FileAnswer, type FileRange, type HubFileName, isUnknownPart, shrunk } from './range.ts';
import { type SignedUrl, signedUrl } from './signed-url.ts';
import { storageFailure } from './storage-error.ts';

/** A failure that may pass, and how long the Hub wants us to wait. */
export interface Trouble {
  readonly failure: ModelcarError;
  readonly delayMs: number | undefined;
  /** That a signed URL is over after its hour is no failure: asking for another one costs no retry. */
  readonly remint?: true;
  /** Fewer requests at once might have been answered. */
  readonly crowded?: boolean;
}

const HOPS = 10;
const REMINTS = 3;

/** CDNs refuse to send more than some 50 GB in one answer (https://github.com/meta-llama/llama-models/issues/37). */
const LARGEST_GET = 16 * 2 ** 30;

/** With a request to the Hub for each, its 3,000 of them in 5 minutes carry 670 MB/s. To read past that much is cheap. */
const PIECE = 64 * 2 ** 20;

/** What a file turned out to need. It is kept, so that finding out costs a few requests once. */
interface Habits {
  /**
   * Whether the Hub is asked with a `Range`. As a rule it is not: the storage's URL serves then every range, and
   * otherwise that one only (https://github.com/huggingface/xet-core/issues/897).
   */
  readonly asksHub: 'bare' | 'with range';
  readonly ranges: 'open' | 'pieces' | 'none';
}

/**
 * Finds a file's bytes: asks the Hub where they are, keeps the signed URL that it gives for an hour, and asks for
 * another one when it is refused.
 */
export class FilePlace {
  readonly #name: HubFileName;
  readonly #hub: HubClient;
  readonly #onWaste: (bytes: number) => void;
  #signed: SignedUrl | undefined;
  /** The URL that redirected to it. */
  #signedBy: string | undefined;
  #refusals = 0;
  #habits: Habits = { asksHub: 'bare', ranges: 'open' };
  #ignoresRanges = false;
  #provedRanges = false;

  /** @param onWaste called with the number of bytes that came and were thrown away */
  constructor(name: HubFileName, hub: HubClient, onWaste: (bytes: number) => void) {
    this.#name = name;
    this.#hub = hub;
    this.#onWaste = onWaste;
  }

  /** Whether ranges can be asked for without asking the Hub, whose requests are counted: as many as we like, at once. */
  get servesRanges(): boolean {
    const { asksHub, ranges } = this.#habits;
    return asksHub === 'bare' && ranges === 'open' && !this.#ignoresRanges && this.#freshUrl() !== undefined;
  }

  /** Whether the storage has served one: until then a single one is tried. */
  get provedRanges(): boolean {
    return this.#provedRanges;
  }

  /**
   * The answer that carries this range of the file, or its beginning, or the whole file.
   * @param readAhead how much of it is kept ready ahead of its reader, where that is not the usual
   * @throws ModelcarError what will not pass: access, a missing file, a place that refuses every URL
   */
  async get(
    range: FileRange,
    signal: AbortSignal | undefined,
    readAhead?: number,
  ): Promise<FileAnswer | Trouble> {
    const { clock, endpoint } = this.#hub;
    const { id, commit, sibling } = this.#name;
    const { asksHub } = this.#habits;
    const asked = this.#atMost(range);
    let signed = this.#freshUrl();
    let stored = signed !== undefined;
    let url = signed?.url ?? endpoint.file(id, commit, sibling.path);
    let redirectedFrom = signed && this.#signedBy;
    for (let hop = 0; hop < HOPS; hop += 1) {
      const atHub = isFileUrl(url, commit);
      const bare = atHub && asksHub === 'bare';
      const response = await this.#ask(url, bare ? undefined : asked, {
        signal,
        redirectedFrom,
        ...(readAhead && { readAhead }),
      });
      const { location } = response.headers;
      if (!isRedirect(response) || location === undefined) {
        if (this.#learn(response, asked, bare)) return this.#askAgain(response, range, signal, readAhead);
        return stored ? this.#fromStorage({ response, asked }, signed) : this.#fromHub({ response, asked });
      }
      await this.#checkLinked(response);
      await discard(response);
      const target = redirectTarget(url, location, response);
      if (atHub && !isFileUrl(target, commit) && originOf(target) !== originOf(url)) {
        stored = true;
        // One that was minted with a range is of no use for the next range.
        signed = bare ? signedUrl(target, response, clock.now()) : undefined;
        this.#signed = signed;
        this.#signedBy = url;
      }
      [url, redirectedFrom] = [target, url];
    }
    throw new ModelcarError(
      'UNSUPPORTED',
      `cannot ${this.#what()}: the Hub redirects more than ${HOPS} times`,
      { hint: 'Check that the endpoint is a Hugging Face Hub or a mirror of one.' },
    );
  }

  #freshUrl(): SignedUrl | undefined {
    const signed = this.#signed;
    return signed !== undefined && this.#hub.clock.now() < signed.staleAt ? signed : undefined;
  }

  #atMost({ start, end }: FileRange): FileRange {
    const longest = { open: LARGEST_GET, pieces: PIECE, none: end - start }[this.#habits.ranges];
    return { start, end: Math.min(end, start + longest) };
  }

  #ask(
    url: string,
    asked: FileRange | undefined,
    how: Pick<HttpRequest, 'signal' | 'redirectedFrom' | 'readAhead'>,
  ): Promise<HttpResponse> {
    const headers = asked === undefined ? {} : rangeHeader(asked, this.#name.sibling.size, this.#habits);
    return this.#hub.bytes({ method: 'GET', url, headers, ...how });
  }

  /** @returns whether it is better to ask once more than to take this answer */
  #learn(response: HttpResponse, { start }: FileRange, bare: boolean): boolean {
    const { status } = response;
    const { ranges } = this.#habits;
    if (status === 200 && start > 0) this.#ignoresRanges = true;
    if (bare && status === 200) {
      // The Hub sends the file itself, without a redirect: the same URL takes the range then.
      this.#habits = { ...this.#habits, asksHub: 'with range' };
      return start > 0;
    }
    if (status === 200 && start > PIECE && ranges === 'open') {
      // Some ignore only ranges that are large. Who ignores the small one too is read past.
      this.#habits = { ...this.#habits, ranges: 'pieces' };
      return true;
    }
    if (isUnknownPart(response) && ranges !== 'none') {
      this.#habits = { ...this.#habits, ranges: 'none' };
      return true;
    }
    return false;
  }

  async #askAgain(
    response: HttpResponse,
    range: FileRange,
    signal: AbortSignal | undefined,
    readAhead: number | undefined,
  ): Promise<FileAnswer | Trouble> {
    // Left at its first bytes: the rest may be gigabytes.
    for await (const chunk of response.body) {
      this.#onWaste(chunk.length);
      break;
    }
    return this.get(range, signal, readAhead);
  }

  async #fromHub(answer: FileAnswer): Promise<FileAnswer | Trouble> {
    const { response } = answer;
    const { id, commit } = this.#name;
    const { endpoint, token, clock } = this.#hub;
    await this.#checkLinked(response);
    if (response.status === 200 || response.status === 206) return answer;
    const delayMs = hubWaitMs(response, clock.date());
    const passing = isPassing(response.status);
    const question = { what: this.#what(), id, revision: commit, endpoint, token, begun: true };
    const failure = await hubError(response, question);
    if (passing) return { failure, delayMs, crowded: isCrowded(response) };
    throw shrunk(response, this.#name) ?? failure;
  }

  /** The answer of the CDN: what it refuses to one signed URL may be granted to the next. */
  async #fromStorage(answer: FileAnswer, signed: SignedUrl | undefined): Promise<FileAnswer | Trouble> {
    const { response } = answer;
    const { status } = response;
    if (status === 200 || status === 206) {
      this.#refusals = 0;
      this.#provedRanges ||= status === 206;
      return answer;
    }
    const delayMs = hubWaitMs(response, this.#hub.clock.date());
    const { kind, error } = await storageFailure(response, this.#what(), this.#name.sibling.size);
    if (kind === 'passing') return { failure: error, delayMs, crowded: isCrowded(response) };
    // Another reader of the file may have a newer one by now.
    if (this.#signed === signed) {
      this.#signed = undefined;
      this.#refusals += 1;
    }
    // Not every refusal is an expired URL, so asking for new ones must come to an end.
    if (kind === 'final' || this.#refusals > REMINTS) throw shrunk(response, this.#name) ?? error;
    // A fresh URL that was asked for without a range, and yet serves one range only.
    if (kind === 'other range' && this.#refusals > 1) {
      this.#habits = { asksHub: 'with range', ranges: 'pieces' };
    }
    return { failure: error, delayMs: 0, remint: true };
  }

  /** The Hub names what it leads to. A mirror that is behind, or a file that was replaced, shows here. */
  async #checkLinked(response: HttpResponse): Promise<void> {
    const { path, size, oid } = this.#name.sibling;
    const { headers } = response;
    const linked = headers['x-linked-etag']?.replace(/^W\//, '').replaceAll('"', '');
    const linkedSize = headers['x-linked-size'];
    const sha256 = /^[0-9a-f]{64}$/.test(linked ?? '') ? linked : undefined;
    const other = oid.algorithm === 'sha256' && sha256 !== undefined && sha256 !== oid.hex;
    const otherSize = linkedSize !== undefined && Number(linkedSize) !== size;
    if (!other && !otherSize) return;
    await discard(response);
    throw changed(
      path,
      other
        ? `expected sha256 ${oid.hex}, got ${sha256}`
        : `expected ${size} bytes, got ${presentable(linkedSize ?? '', response)}`,
    );
  }

  #what(): string {
    return `read ${this.#name.sibling.path} of ${formatModelId(this.#name.id)}`;
  }
}

function isCrowded({ status }: HttpResponse): boolean {
  return status === 429 || status === 503;
}

/** The rest of the file, or as much of it as one answer may carry. A server may give less, and may give all. */
function rangeHeader({ start, end }: FileRange, size: number, { ranges }: Habits): Record<string, string> {
  if (ranges === 'none') return {};
  if (ranges === 'pieces' || end < size) return { range: `bytes=${start}-${end - 1}` };
  return start > 0 ? { range: `bytes=${start}-` } : {};
}

function changed(path: string, what: string): ModelcarError {
  return new ModelcarError('CONTENT_MISMATCH', `${path} at the Hub is not what it listed: ${what}`, {
    hint: 'A mirror may be behind the Hub; push again later, or from the Hub itself.',
  });
}
