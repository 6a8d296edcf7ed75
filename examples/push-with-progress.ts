// Usage: node push-with-progress.js acme/llama ghcr.io/acme/llama:v1
import { homedir } from 'node:os';
import {
  findCredentials,
  findRegistryCertificates,
  type PushEvent,
  parseImageReference,
  pushModel,
  systemCertificates,
} from 'oci-modelcar';

const [model = '', reference = ''] = process.argv.slice(2);
const { location, tag } = parseImageReference(reference);

const result = await pushModel({
  model,
  target: location,
  ...(tag !== undefined && { tag }), // else the first 12 characters of the commit
  hub: {
    endpoint: process.env.HF_ENDPOINT ?? 'https://huggingface.co',
    token: process.env.HF_TOKEN ?? '', // empty: none
  },
  // What docker, podman and skopeo have left; or a function of yours.
  registry: {
    credentials: (host, repository, signal) =>
      findCredentials(host, repository, { home: homedir(), env: process.env }, signal),
    certificates: (host) => findRegistryCertificates(host, { home: homedir(), env: process.env }),
  },
  network: { systemCa: systemCertificates(process.env) }, // else Node's own CAs
  workers: 4,
  onEvent: show,
});
console.log(result.imageReferenceDigest); // what to sign and to deploy

function show(event: PushEvent): void {
  if (event.type === 'model-resolved') console.error(`${event.files} files, ${event.size} bytes`);
  if (event.type === 'layer-progress') console.error(`${event.path}: ${event.sent} of ${event.size}`);
  if (event.type === 'layer-done') console.error(`${event.path}: ${event.outcome}, ${event.digest}`);
}
