import { onTestFinished } from 'vitest';
import {
  type Digest,
  type PushEvent,
  type PushOptions,
  type PushResult,
  parseImageReference,
  parseTargetLocation,
  pushModel,
} from '../../src/index.ts';
import { type FakeHub, startFakeHub, synthetic } from '../fakes/hub/fake-hub.ts';
import { capture, capturingErrors } from '../support/captures.ts';
import { tempFolder } from '../support/temp-folder.ts';

const MODEL = 'acme/big';

/** The library between a Hub on the loopback, with a model of one file or a few, and any registry. */
export interface BigPush {
  readonly hub: FakeHub;
  /** Of all pushes so far. */
  readonly events: readonly PushEvent[];
  /** Pushes the model to `acme/big:v1` of a host. */
  pushTo(host: string, options?: Partial<PushOptions>): Promise<PushResult>;
  /** The digest of the image as it comes out where nothing goes wrong. */
  rightDigest(): Promise<Digest>;
  /** Why something was sent again. */
  retries(): readonly string[];
}

export interface BigPushOptions {
  readonly size: number;
  /** Of this size each. Default 1. */
  readonly files?: number;
  /** How fast the Hub gives the file out. */
  readonly bytesPerSecond?: number;
  /** From source, unless it is to be the one that was built: only that one has threads, and a file of 64 MiB wants one. */
  readonly library?: Pick<typeof import('../../src/index.ts'), 'pushModel'>;
}

export async function bigPush(options: BigPushOptions): Promise<BigPush> {
  const { size, files = 1, bytesPerSecond, library = { pushModel } } = options;
  const names = Array.from({ length: files }, (_, index) => `model-${index + 1}.safetensors`);
  const content = Object.fromEntries(names.map((name, seed) => [name, synthetic({ size, seed })]));
  const hub = await startFakeHub({ repos: [{ id: MODEL, files: content }] });
  onTestFinished(() => hub.close());
  if (bytesPerSecond !== undefined) hub.knobs.speed = { bytesPerSecondTotal: bytesPerSecond };
  const events: PushEvent[] = [];
  return {
    hub,
    events,
    pushTo(host, more) {
      const target = parseImageReference(`${host}/${MODEL}`).location;
      const onEvent = (event: PushEvent) => void events.push(event);
      const pushed = library.pushModel({
        model: MODEL,
        target,
        tag: 'v1',
        ...more,
        // What is held back for all together comes evenly over one.
        hub: { endpoint: hub.endpoint, ...(bytesPerSecond !== undefined && { connections: 1 }) },
        onEvent,
      });
      return capturingErrors('a push', pushed).finally(() => capture('an event', events));
    },
    async rightDigest() {
      hub.clearFaults();
      hub.knobs.speed = {};
      const target = parseTargetLocation(`oci:${await tempFolder()}`, undefined);
      const pushed = await library.pushModel({
        model: MODEL,
        target,
        tag: 'v1',
        hub: { endpoint: hub.endpoint },
      });
      return pushed.manifestDigest;
    },
    retries: () =>
      events.flatMap((event) =>
        event.type === 'layer-retrying' || event.type === 'request-retrying' ? [event.reason] : [],
      ),
  };
}
