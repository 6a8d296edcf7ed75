import { Worker } from 'node:worker_threads';
import type { Descriptor } from '../core/descriptor.ts';
import { ModelcarError } from '../core/error.ts';
import { isSmall } from '../core/small-layer.ts';
import type { Places, Shared } from '../places.ts';
import { type LayerJob, type LayerSessions, type LayerWorld, pushLayer } from '../push/push-layer.ts';
import type { FromThread, ThreadData, ToThread } from './messages.ts';
import { fromPlainError, toPlainError } from './plain-error.ts';
import { type SharedCalls, sharedCalls, type ThreadCalls } from './shared-calls.ts';

export interface LayerThreads {
  /** As {@link pushLayer}, in a thread of its own where it is not small, and there is enough to push to be worth it. */
  readonly pushLayer: typeof pushLayer;
  /** Ends the threads. */
  close(): Promise<void>;
}

/** So many bytes are pushed before a thread has started. */
const WORTH_A_THREAD = 8 * 2 ** 20;

/** A layer's bytes are not on the heap: what is there is some 8 MiB, and need not grow far before it is collected. */
const LIMITS = { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 32 };

/** A thread for each layer that is being pushed, started when there is none left over from an earlier one. */
export function createLayerThreads(places: Places, shared: Shared): LayerThreads {
  const all = new Set<LayerThread>();
  const idle: LayerThread[] = [];
  let bytes = 0;

  function idleThread(): LayerThread | undefined {
    for (let one = idle.pop(); one !== undefined; one = idle.pop()) if (one.isAlive) return one;
    return undefined;
  }

  return {
    async pushLayer(job, world, sessions) {
      if (isSmall(job.layer)) return pushLayer(job, world, sessions);
      bytes += job.layer.size;
      const started = idleThread();
      if (started === undefined && bytes < WORTH_A_THREAD) return pushLayer(job, world, sessions);
      const thread = started ?? new LayerThread(places, shared);
      all.add(thread);
      try {
        const descriptor = await thread.push(job, world, sessions);
        idle.push(thread);
        return descriptor;
      } catch (error) {
        if (thread.isAlive) idle.push(thread);
        throw error;
      }
    },
    async close() {
      await Promise.all([...all].map((thread) => thread.close()));
    },
  };
}

/** The layer that a thread is pushing. */
interface Task {
  readonly path: string;
  readonly world: LayerWorld;
  /** Aborted with the layer's own signal, and when the thread is gone. */
  readonly signal: AbortSignal;
  readonly sessions: LayerSessions;
  done(descriptor: Descriptor): void;
  failed(error: unknown): void;
}

class LayerThread {
  readonly #worker: Worker;
  readonly #shared: ThreadCalls;
  /** Aborted when the thread is gone: nothing waits on its behalf any more. */
  readonly #gone = new AbortController();
  #task: Task | undefined;
  #isSessionKept = false;
  #refusal: { readonly error: unknown } | undefined;
  #end: Error | undefined;

  constructor(places: Places, shared: Shared) {
    const data: ThreadData = {
      places,
      isTokenRefused: shared.optionalToken?.isRefused ?? false,
      renewsToken: shared.renewToken !== undefined,
      asksForProxies: shared.proxyFor !== undefined,
      rateStep: shared.rateLimit?.step,
    };
    this.#shared = sharedCalls(shared, () => this.#task?.signal ?? this.#gone.signal);
    this.#worker = new Worker(new URL('./layer-thread.js', import.meta.url), {
      workerData: data,
      resourceLimits: LIMITS,
    });
    this.#worker.on('message', (message: FromThread) => {
      try {
        this.#hear(message);
      } catch (error) {
        this.#refuse(error);
      }
    });
    this.#worker.on('error', (error) => this.#ended(isLost(error) ? this.#lost(error) : error));
    this.#worker.on('exit', (code) => {
      this.#ended(this.#lost(new Error(`exit code ${code}`)));
      // By now all messages of the thread have arrived, and its sockets are closed.
      this.#gone.abort(this.#end);
      this.#shared.giveBack();
    });
  }

  get isAlive(): boolean {
    return this.#end === undefined;
  }

  push(job: LayerJob, world: LayerWorld, sessions: LayerSessions = {}): Promise<Descriptor> {
    const { signal } = world;
    signal.throwIfAborted();
    const abort = () => this.#tell({ type: 'abort', reason: toPlainError(signal.reason) });
    return new Promise<Descriptor>((resolve, reject) => {
      if (this.#end !== undefined) throw this.#end;
      const done = (descriptor: Descriptor) =>
        this.#refusal ? reject(this.#refusal.error) : resolve(descriptor);
      const either = AbortSignal.any([signal, this.#gone.signal]);
      this.#task = { path: job.layer.path, world, sessions, signal: either, done, failed: reject };
      signal.addEventListener('abort', abort, { once: true });
      this.#isSessionKept = false;
      this.#refusal = undefined;
      this.#tell({ type: 'push', job, keepsSessions: sessions.onSession !== undefined });
      this.#noteKept(this.#task);
    })
      .catch((error) => {
        // What comes back is a copy.
        if (this.#refusal) throw this.#refusal.error;
        throw signal.aborted ? signal.reason : error;
      })
      .finally(() => {
        signal.removeEventListener('abort', abort);
        this.#task = undefined;
      });
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #hear(message: FromThread): void {
    const task = this.#task;
    this.#noteKept(task);
    if (message.type === 'call') void this.#answer(message);
    else if (message.type === 'event') task?.world.onEvent(message.event);
    else if (message.type === 'session') {
      task?.sessions.onSession?.(message.session);
      this.#noteKept(task);
    } else if (message.type === 'done') task?.done(message.descriptor);
    else task?.failed(fromPlainError(message.error));
  }

  /** What we call for the thread has failed, such as the caller's own `onEvent`: the layer ends with that. */
  #refuse(error: unknown): void {
    this.#refusal ??= { error };
    this.#tell({ type: 'abort', reason: toPlainError(error) });
  }

  /** The disk may be full by this time. */
  #noteKept(task: Task | undefined): void {
    const kept = task?.sessions.isSessionKept?.() ?? false;
    if (kept !== this.#isSessionKept) this.#tell({ type: 'session-kept', kept });
    this.#isSessionKept = kept;
  }

  async #answer({ id, name, args }: FromThread & { type: 'call' }): Promise<void> {
    try {
      const call = this.#shared.calls[name as keyof SharedCalls] as (...args: readonly unknown[]) => unknown;
      this.#tell({ type: 'answer', id, value: await call(...args) });
    } catch (error) {
      this.#tell({ type: 'refusal', id, error: toPlainError(error) });
    }
  }

  #tell(message: ToThread): void {
    this.#worker.postMessage(message);
  }

  #ended(error: Error): void {
    this.#end ??= error;
    this.#task?.failed(error);
  }

  #lost(cause: Error): ModelcarError {
    const what = this.#task === undefined ? 'push a layer' : `push ${this.#task.path}`;
    return new ModelcarError('UNAVAILABLE', `cannot ${what}: its thread ended: ${cause.message}`, {
      hint: 'Run the same command again, with one worker if it happens again.',
      cause,
    });
  }
}

/** Whether Node ended the thread for want of resources. Any other error is a bug in our code. */
function isLost({ code }: NodeJS.ErrnoException): boolean {
  return code === 'ERR_WORKER_OUT_OF_MEMORY' || code === 'ERR_WORKER_INIT_FAILED';
}
