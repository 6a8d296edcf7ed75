// Usage: node cancel.js acme/llama ghcr.io/acme/llama:v1 [seconds]
import { parseImageReference, pushModel } from 'oci-modelcar';

const [model = '', reference = '', seconds = '3600'] = process.argv.slice(2);
const { location, tag = 'latest' } = parseImageReference(reference);

const interrupted = new AbortController();
process.once('SIGINT', () => interrupted.abort(new Error('interrupted')));
const signal = AbortSignal.any([interrupted.signal, AbortSignal.timeout(Number(seconds) * 1000)]);

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
