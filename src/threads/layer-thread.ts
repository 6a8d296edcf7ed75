import { parentPort, workerData } from 'node:worker_threads';
import type { UploadSession } from '../core/ports.ts';
import { openPlaces } from '../places.ts';
import { type LayerJob, type LayerSessions, pushLayer } from '../push/push-layer.ts';
import { systemClock } from '../system-clock.ts';
import type { FromThread, ThreadData, ToThread } from './messages.ts';
import { fromPlainError, toPlainError } from './plain-error.ts';
import { type SharedCalls, sharedByCalls } from './shared-calls.ts';

/** A thread of its own for one layer after the other: what its bytes cost is no other layer's loss. */
const { places, ...data } = workerData as ThreadData;
const isRegistry = places.target.kind === 'registry';
const hasOptionalToken = places.hub.token !== undefined && places.hub.tokenIsOptional;
const calls = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
let nextCall = 0;
let stop = new AbortController();
let isSessionKept = false;

// What comes while we ask for what is shared is kept.
const shared = sharedByCalls(callsTo(), { ...data, isRegistry, hasOptionalToken }, (event) =>
  tell({ type: 'event', event }),
);
const open = shared.then((parts) => openPlaces(places, parts, true));

parentPort?.on('message', (message: ToThread) => {
  switch (message.type) {
    case 'push':
      stop = new AbortController();
      isSessionKept = false;
      void push(message.job, message.keepsSessions);
      break;
    case 'session-kept':
      isSessionKept = message.kept;
      break;
    case 'abort':
      stop.abort(fromPlainError(message.reason));
      break;
    case 'answer':
      settle(message.id)?.resolve(message.value);
      break;
    case 'refusal':
      settle(message.id)?.reject(fromPlainError(message.error));
      break;
  }
});

async function push(job: LayerJob, keepsSessions: boolean): Promise<void> {
  const { signal } = stop;
  const sessions: LayerSessions = {
    onSession: (session: UploadSession | undefined) => tell({ type: 'session', session }),
    isSessionKept: () => isSessionKept,
  };
  try {
    const { source, target } = await open;
    const { onEvent, rateLimit } = await shared;
    const world = { source, target, clock: systemClock, onEvent, signal, rateLimit };
    tell({ type: 'done', descriptor: await pushLayer(job, world, keepsSessions ? sessions : {}) });
  } catch (error) {
    tell({ type: 'failed', error: toPlainError(error) });
  }
}

function callsTo(): SharedCalls {
  return new Proxy({} as SharedCalls, {
    get:
      (_, name: string) =>
      (...args: readonly unknown[]) => {
        const id = nextCall;
        nextCall += 1;
        return new Promise((resolve, reject) => {
          calls.set(id, { resolve, reject });
          tell({ type: 'call', id, name, args });
        });
      },
  });
}

function settle(id: number) {
  const call = calls.get(id);
  calls.delete(id);
  return call;
}

function tell(message: FromThread): void {
  parentPort?.postMessage(message);
}
