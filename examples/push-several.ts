// Usage: node push-several.js ghcr.io/acme acme/llama acme/gemma
import { parseImageReference, pushModel } from 'oci-modelcar';

const [registry = '', ...models] = process.argv.slice(2);

for (const model of models) {
  const name = model.slice(model.indexOf('/') + 1).toLowerCase();
  const result = await pushModel({
    model,
    target: parseImageReference(`${registry}/${name}`).location,
    alsoTags: ['latest'],
    hub: { endpoint: process.env.HF_ENDPOINT ?? 'https://huggingface.co' },
    // One file for all of them: a run that was cut off goes on where it was, and what is pushed is not sent again.
    stateFile: 'pushed-models.json',
  });
  console.log(`${model} ${result.imageReferenceDigest}`);
}
