// Usage: node cancel.js acme/llama ghcr.io/acme/llama:v1 [seconds]
import { parseImageReference, pushModel } from 'oci-modelcar';

const [model = '', reference = '', seconds = '3600'] = process.argv.slice(2);
const { location, tag = 'latest' } = parseImageReference(reference);

const stop = new AbortController();
process.once('SIGINT', () => stop.abort(new Error('interrupted')));
setTimeout(() => stop.abort(new Error('timeout')), Number(seconds) * 1000).unref();
const { signal } = stop;

try {
  const result = await pushModel({
    model,
    target: location,
    tag,
    hub: { endpoint: process.env.HF_ENDPOINT ?? 'https://huggingface.co' },
    signal,
  });
  console.log(result.imageReferenceDigest);
} catch (error) {
  // It rejects with the reason of the signal, once downloads are stopped and uploads cancelled.
  if (error !== signal.reason) throw error;
  console.error(`stopped: ${signal.reason.message}`);
  process.exitCode = 130;
}
