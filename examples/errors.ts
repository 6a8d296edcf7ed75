// Usage: node errors.js acme/llama ghcr.io/acme/llama:v1
import { ModelcarError, parseImageReference, pushModel } from 'oci-modelcar';

const [model = '', reference = ''] = process.argv.slice(2);

try {
  const { location, tag = 'latest' } = parseImageReference(reference);
  const hub = { endpoint: process.env.HF_ENDPOINT ?? 'https://huggingface.co' };
  console.log((await pushModel({ model, target: location, tag, hub })).imageReferenceDigest);
} catch (error) {
  if (!(error instanceof ModelcarError)) throw error; // a bug
  console.error(error.message);
  if (error.hint !== undefined) console.error(error.hint);
  process.exitCode = mayPass(error) ? 75 : 1;
}

/** Whether the same push may go well later; what was pushed by then is not sent again. */
function mayPass({ code }: ModelcarError): boolean {
  return code === 'UNAVAILABLE' || code === 'RATE_LIMITED';
}
