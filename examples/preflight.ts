// Usage: node preflight.js acme/llama ghcr.io/acme/llama:v1
import { parseImageReference, planPush } from 'oci-modelcar';

const [model = '', reference = ''] = process.argv.slice(2);
const { location, tag = 'latest' } = parseImageReference(reference);

// Stores nothing. Asks the target whether this account may push there.
const plan = await planPush({
  model,
  target: location,
  tag,
  hub: { endpoint: process.env.HF_ENDPOINT ?? 'https://huggingface.co' },
});
const report = {
  commit: plan.model.commit,
  image: plan.imageReference,
  refusal: plan.refusal?.message,
  bytes: plan.layers.reduce((sum, { size }) => sum + size, 0),
  files: plan.layers.map(({ path, size }) => ({ path, size })),
};
console.log(JSON.stringify(report, null, 2));
