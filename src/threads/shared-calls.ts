import type { OnEvent } from '../core/event.ts';
import type { RateLimit } from '../core/rate-limit.ts';
import type { Pacer, Passed, Said } from '../http/pacing.ts';
import type { Reading } from '../hub/connection-limit.ts';
import type { HubConnections } from '../hub/hub-connections.ts';
import type { Shared } from '../places.ts';
import type { Authorization } from '../registry/auth/registry-auth.ts';
import type { HostProfile } from '../registry/upload/host-profile.ts';
import type { UploadReply, UploadState } from '../registry/upload/upload-state.ts';
import type { ThreadData } from './messages.ts';

/** What a thread asks the main thread for, which has it once for all. Plain data goes in and comes out. */
export interface SharedCalls {
  refuseToken(): Promise<void>;
  renewToken(refused: string): Promise<string>;
  passHub(bucket: string): Promise<Passed>;
  answeredByHub(bucket: string, passed: Passed, said: Said): Promise<void>;
  acquireConnection(): Promise<void>;
  tryAcquireConnection(): Promise<number | undefined>;
  releaseConnection(): Promise<void>;
  reportReading(reading: Reading): Promise<void>;
  reportRefusal(): Promise<void>;
  takeBytes(bytes: number): Promise<void>;
  passTarget(bucket: string): Promise<Passed>;
  answeredByTarget(bucket: string, passed: Passed, said: Said): Promise<void>;
  authorization(): Promise<string | undefined>;
  account(): ReturnType<Authorization['account']>;
  renewAuthorization(...args: Parameters<Authorization['renew']>): Promise<string | undefined>;
  hostProfile(): Promise<HostProfile>;
  learn(state: UploadState, reply: UploadReply, size: number): Promise<HostProfile>;
  noteBlob(...blob: Parameters<Shared['knownBlobs']['set']>): Promise<void>;
  proxyFor(url: string): Promise<string | undefined>;
}

/** The calls of one thread. */
export interface ThreadCalls {
  readonly calls: SharedCalls;
  /** Call it when the thread is gone: releases the connections that it has, and those that it is granted later. */
  giveBack(): void;
}

/** The main thread's side. @param signal ends the thread's waits when its layer or the thread itself ends */
export function sharedCalls(shared: Shared, signal: () => AbortSignal): ThreadCalls {
  const { optionalToken, renewToken, hubPacer, rateLimit, access, host, knownBlobs, proxyFor } = shared;
  const { connections: hubConnections, giveBack } = countedConnections(shared.hubConnections);
  const registry = () => needed(access);
  const calls: SharedCalls = {
    refuseToken: async () => optionalToken?.refuse(),
    renewToken: (refused) => needed(renewToken)(refused),
    passHub: (bucket) => hubPacer.pass(bucket, signal()),
    answeredByHub: async (...said) => hubPacer.answered(...said),
    acquireConnection: () => hubConnections.acquire(signal()),
    tryAcquireConnection: () => hubConnections.tryAcquire(),
    releaseConnection: async () => hubConnections.release(),
    reportReading: async (reading) => hubConnections.report(reading),
    reportRefusal: async () => hubConnections.reportRefusal(),
    takeBytes: (bytes) => needed(rateLimit).take(bytes, signal()),
    passTarget: (bucket) => registry().pacer.pass(bucket, signal()),
    answeredByTarget: async (...said) => registry().pacer.answered(...said),
    authorization: () => registry().authorization.current(),
    account: () => registry().authorization.account(),
    renewAuthorization: (...refused) => registry().authorization.renew(...refused),
    hostProfile: async () => needed(host).profile,
    async learn(...told) {
      await needed(host).learn(...told);
      return needed(host).profile;
    },
    noteBlob: async (...blob) => knownBlobs.set(...blob),
    proxyFor: async (url) => proxyFor?.(url),
  };
  return { calls, giveBack };
}

/** The connections of one thread, which may end before it has released them. */
function countedConnections(shared: HubConnections) {
  let count = 0;
  let isGone = false;
  const granted = () => {
    if (isGone) shared.release();
    else count += 1;
  };
  const connections: HubConnections = {
    ...shared,
    async acquire(signal) {
      await shared.acquire(signal);
      granted();
    },
    async tryAcquire() {
      const size = await shared.tryAcquire();
      if (size !== undefined) granted();
      return size;
    },
    release() {
      if (count === 0) return;
      count -= 1;
      shared.release();
    },
  };
  return {
    connections,
    giveBack() {
      isGone = true;
      while (count > 0) connections.release();
    },
  };
}

interface SharedParts extends Omit<ThreadData, 'places'> {
  readonly isRegistry: boolean;
  readonly hasOptionalToken: boolean;
}

/** The thread's side. */
export async function sharedByCalls(
  calls: SharedCalls,
  { isRegistry, hasOptionalToken, isTokenRefused, renewsToken, asksForProxies, rateStep }: SharedParts,
  onEvent: OnEvent,
): Promise<Shared> {
  const { authorization: current, renewAuthorization: renew, account } = calls;
  const targetPacer = pacerByCalls(calls.passTarget, calls.answeredByTarget);
  return {
    optionalToken: hasOptionalToken ? tokenByCalls(isTokenRefused, calls) : undefined,
    renewToken: renewsToken ? calls.renewToken : undefined,
    hubPacer: pacerByCalls(calls.passHub, calls.answeredByHub),
    hubConnections: connectionsByCalls(calls),
    rateLimit: rateStep === undefined ? undefined : rateByCalls(rateStep, calls),
    access: isRegistry ? { pacer: targetPacer, authorization: { current, renew, account } } : undefined,
    host: isRegistry ? await hostByCalls(calls) : undefined,
    // Threads only add; the main thread looks blobs up before it writes the manifest.
    knownBlobs: { get: () => undefined, set: (...blob) => void calls.noteBlob(...blob) },
    proxyFor: asksForProxies ? calls.proxyFor : undefined,
    onEvent,
  };
}

function tokenByCalls(isRefused: boolean, { refuseToken }: SharedCalls): Shared['optionalToken'] {
  return {
    get isRefused() {
      return isRefused;
    },
    refuse() {
      isRefused = true;
      void refuseToken();
    },
  };
}

function pacerByCalls(
  pass: (bucket: string) => Promise<Passed>,
  answered: SharedCalls['answeredByHub'],
): Pacer {
  return {
    // Who stops waiting does not stop the main thread's wait: that ends with the layer.
    pass: (bucket, signal) => unlessAborted(pass(bucket), signal),
    answered: (...said) => void answered(...said),
  };
}

function connectionsByCalls(calls: SharedCalls): HubConnections {
  return {
    async acquire(signal) {
      const granted = calls.acquireConnection();
      try {
        await unlessAborted(granted, signal);
      } catch (error) {
        // Granted to nobody, if it comes after all.
        granted.then(calls.releaseConnection, () => undefined);
        throw error;
      }
    },
    tryAcquire: calls.tryAcquireConnection,
    release: () => void calls.releaseConnection(),
    report: (reading) => void calls.reportReading(reading),
    reportRefusal: () => void calls.reportRefusal(),
  };
}

function rateByCalls(step: number, { takeBytes }: SharedCalls): RateLimit {
  return { step, take: (bytes, signal) => unlessAborted(takeBytes(bytes), signal) };
}

async function hostByCalls({ hostProfile, learn }: SharedCalls): Promise<NonNullable<Shared['host']>> {
  let profile = await hostProfile();
  return {
    get profile() {
      return profile;
    },
    async learn(...told) {
      profile = await learn(...told);
    },
    // Layers that small are not given to a thread.
    mayPost: () => false,
  };
}

function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

function needed<T>(part: T | undefined): T {
  if (part === undefined) throw new Error('a layer thread asks for what this push does not have');
  return part;
}
