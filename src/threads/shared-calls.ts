import type { OnEvent } from '../core/event.ts';
import type { Pacer, Passed, Said } from '../http/pacing.ts';
import type { Shared } from '../places.ts';
import type { Authorization } from '../registry/auth/registry-auth.ts';
import type { HostProfile } from '../registry/upload/host-profile.ts';
import type { UploadReply, UploadState } from '../registry/upload/upload-state.ts';

/** What a thread asks the main thread for, which has it once for all. Plain data goes in and comes out. */
export interface SharedCalls {
  passHub(bucket: string): Promise<Passed>;
  answeredByHub(bucket: string, passed: Passed, said: Said): Promise<void>;
  passTarget(bucket: string): Promise<Passed>;
  answeredByTarget(bucket: string, passed: Passed, said: Said): Promise<void>;
  authorization(): Promise<string | undefined>;
  renewAuthorization(...args: Parameters<Authorization['renew']>): Promise<string | undefined>;
  hostProfile(): Promise<HostProfile>;
  learn(state: UploadState, reply: UploadReply, size: number): Promise<HostProfile>;
  proxyFor(url: string): Promise<string | undefined>;
}

/** The main thread's side. @param signal ends the waits of the layer that the thread is pushing */
export function sharedCalls(shared: Shared, signal: () => AbortSignal | undefined): SharedCalls {
  const { hubPacer, access, host, proxyFor } = shared;
  const registry = () => needed(access);
  return {
    passHub: (bucket) => hubPacer.pass(bucket, signal()),
    answeredByHub: async (...said) => hubPacer.answered(...said),
    passTarget: (bucket) => registry().pacer.pass(bucket, signal()),
    answeredByTarget: async (...said) => registry().pacer.answered(...said),
    authorization: () => registry().authorization.current(),
    renewAuthorization: (...refused) => registry().authorization.renew(...refused),
    hostProfile: async () => needed(host).profile,
    async learn(...told) {
      await needed(host).learn(...told);
      return needed(host).profile;
    },
    proxyFor: async (url) => proxyFor?.(url),
  };
}

/** The thread's side. */
export async function sharedByCalls(
  calls: SharedCalls,
  { isRegistry, asksForProxies }: { readonly isRegistry: boolean; readonly asksForProxies: boolean },
  onEvent: OnEvent,
): Promise<Shared> {
  const { authorization: current, renewAuthorization: renew } = calls;
  const targetPacer = pacerByCalls(calls.passTarget, calls.answeredByTarget);
  return {
    hubPacer: pacerByCalls(calls.passHub, calls.answeredByHub),
    access: isRegistry ? { pacer: targetPacer, authorization: { current, renew } } : undefined,
    host: isRegistry ? await hostByCalls(calls) : undefined,
    proxyFor: asksForProxies ? calls.proxyFor : undefined,
    onEvent,
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
