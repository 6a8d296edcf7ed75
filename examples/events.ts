// Usage: node events.js acme/llama ghcr.io/acme/llama:v1
import { EventEmitter, on } from 'node:events';
import { type PushEvent, parseImageReference, pushModel } from 'oci-modelcar';

const [model = '', reference = ''] = process.argv.slice(2);
const { location, tag = 'latest' } = parseImageReference(reference);

// `onEvent` is called synchronously and must be quick; the emitter keeps what the loop has no time for yet.
const emitter = new EventEmitter();
const events = on(emitter, 'event', { close: ['end'] });
const pushed = pushModel({
  model,
  target: location,
  tag,
  hub: { endpoint: process.env.HF_ENDPOINT ?? 'https://huggingface.co' },
  onEvent: (event: PushEvent) => emitter.emit('event', event),
}).finally(() => emitter.emit('end'));

const printed = (async () => {
  for await (const [event] of events) console.log(JSON.stringify(event));
})();

// The failure of the push is not an event: the promise rejects.
await Promise.all([pushed, printed]);
