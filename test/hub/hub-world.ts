import { onTestFinished } from 'vitest';
import { parseModelId, type ResolvedModel, type Sibling } from '../../src/core/model.ts';
import type { ModelSource, Retry } from '../../src/core/ports.ts';
import { verified } from '../../src/core/verified.ts';
import { createNodeTransport } from '../../src/http/node-http.ts';
import type { HubOptions } from '../../src/hub/hub-client.ts';
import { createHubSource } from '../../src/hub/hub-source.ts';
import { type FakeHub, type FakeHubOptions, startFakeHub } from '../fakes/hub/fake-hub.ts';
import { capture, capturingErrors } from '../support/captures.ts';
import { hubToken } from '../support/secrets.ts';
import { type TestClock, testClock } from '../support/test-clock.ts';

export const TOKEN: string = hubToken('hub token');

export interface HubWorld {
  readonly hub: FakeHub;
  readonly source: ModelSource;
  readonly clock: TestClock;
  /** What the files' sources reported. */
  readonly retries: readonly Retry[];
  /** The bytes that they said came for nothing. */
  readonly reread: number;
  resolve(name: string, revision?: string): Promise<ResolvedModel>;
  /** One file of a model through the check of its hash, as a push reads it. */
  read(name: string, path: string, options?: ReadOptions): Promise<Buffer>;
}

interface ReadOptions {
  readonly start?: number;
  readonly signal?: AbortSignal;
  /** Called for each chunk with the number of bytes so far. */
  readonly onBytes?: (position: number) => void | Promise<void>;
}

/** A Hub on the loopback and our client of it; both are gone when the test is over. */
export async function hubWorld(
  hubOptions: FakeHubOptions,
  options: Partial<HubOptions> = {},
): Promise<HubWorld> {
  const hub = await startFakeHub(hubOptions);
  onTestFinished(() => hub.close());
  return clientOf(hub, options);
}

export function clientOf(hub: FakeHub, options: Partial<HubOptions> = {}): HubWorld {
  const transport = createNodeTransport();
  onTestFinished(() => transport.close());
  const clock = testClock({ date: Date.now() });
  const retries: Retry[] = [];
  const rereads: number[] = [];
  const source = createHubSource({
    endpoint: hub.endpoint,
    token: undefined,
    metadataTimeoutMs: 10_000,
    stallTimeoutMs: 10_000,
    retries: 5,
    transport: transport.send,
    clock,
    ...options,
  });
  const resolve = (name: string, revision = 'main'): Promise<ResolvedModel> =>
    capturingErrors(
      'resolving a model',
      source.resolve(parseModelId(name), revision, new AbortController().signal),
    );
  const read = async (
    name: string,
    path: string,
    { onBytes, ...open }: ReadOptions = {},
  ): Promise<Buffer> => {
    const model = await resolve(name);
    const sibling = siblingOf(model, path);
    const file = source.file(model, sibling, {
      onRetry: (retry) => retries.push(retry),
      onReread: (bytes) => rereads.push(bytes),
    });
    const chunks: Buffer[] = [];
    let position = open.start ?? 0;
    for await (const chunk of verified(file, { name: path, oid: sibling.oid }).open(open)) {
      chunks.push(Buffer.from(chunk));
      position += chunk.length;
      await onBytes?.(position);
    }
    return Buffer.concat(chunks);
  };
  return {
    hub,
    source,
    clock,
    retries,
    get reread() {
      return rereads.reduce((sum, bytes) => sum + bytes, 0);
    },
    resolve,
    read: (name, path, options) =>
      capturingErrors('reading a file', read(name, path, options)).finally(() => capture('a retry', retries)),
  };
}

export function siblingOf(model: ResolvedModel, path: string): Sibling {
  const sibling = model.siblings.find((candidate) => candidate.path === path);
  if (sibling === undefined) throw new Error(`${path} is not listed`);
  return sibling;
}

/** All that an error says, down its chain of causes: what a log may show of it. */
export function everythingIn(error: unknown): string {
  const parts: string[] = [];
  for (let link = error; link instanceof Error; link = link.cause) {
    parts.push(String(link), link.stack ?? '', JSON.stringify(link));
  }
  return parts.join('\n');
}

/** Neither a token nor a signed query: no error may say what this matches. */
export const SECRETS: RegExp = /hf_|(Signature|Policy|Key-Pair-Id)=[^*…]|user_id=/;
