import { onTestFinished } from 'vitest';
import {
  type PushEvent,
  type PushOptions,
  type PushResult,
  parseImageReference,
  pushModel,
} from '../../src/index.ts';
import { type FakeHub, startFakeHub, synthetic } from '../fakes/hub/fake-hub.ts';
import { capture, capturingErrors } from '../support/captures.ts';

const MODEL = 'acme/big';

/** The library between a Hub on the loopback, with a model of one file, and any registry. */
export interface BigPush {
  readonly hub: FakeHub;
  /** Of all pushes so far. */
  readonly events: readonly PushEvent[];
  /** Pushes the model to `acme/big:v1` of a host. */
  pushTo(host: string, options?: Partial<PushOptions>): Promise<PushResult>;
  /** Why something was sent again. */
  retries(): readonly string[];
}

export interface BigPushOptions {
  readonly size: number;
  /** How fast the Hub gives the file out. */
  readonly bytesPerSecond?: number;
}

export async function bigPush({ size, bytesPerSecond }: BigPushOptions): Promise<BigPush> {
  const hub = await startFakeHub({
    repos: [{ id: MODEL, files: { 'model.safetensors': synthetic({ size }) } }],
  });
  onTestFinished(() => hub.close());
  if (bytesPerSecond !== undefined) hub.knobs.speed = { bytesPerSecondTotal: bytesPerSecond };
  const events: PushEvent[] = [];
  return {
    hub,
    events,
    pushTo(host, options) {
      const target = parseImageReference(`${host}/${MODEL}`).location;
      const onEvent = (event: PushEvent) => void events.push(event);
      const pushed = pushModel({
        model: MODEL,
        target,
        tag: 'v1',
        ...options,
        hub: { endpoint: hub.endpoint },
        onEvent,
      });
      return capturingErrors('a push', pushed).finally(() => capture('an event', events));
    },
    retries: () =>
      events.flatMap((event) =>
        event.type === 'layer-retrying' || event.type === 'request-retrying' ? [event.reason] : [],
      ),
  };
}
