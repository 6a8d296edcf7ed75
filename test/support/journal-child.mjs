/**
 * A process that does nothing but write a state file: `node journal-child.mjs FILE MODEL LAYERS`. It says each layer on
 * stdout as soon as it is written down. Of the built package, as Node 20 runs no TypeScript.
 */
import { createStateFile } from '../../dist/state/state-file.js';
import { systemClock } from '../../dist/system-clock.js';
import { systemProcesses, thisUser } from '../../dist/this-process.js';

const [path, model, layers] = process.argv.slice(2);
const job = {
  endpoint: 'https://hub.test',
  model,
  commit: '0'.repeat(40),
  target: 'r.test/acme/llama',
  prefix: 'models/',
  tarLayout: 'standard',
  patterns: { allow: [], ignore: [] },
};
const onWarning = (message) => process.stdout.write(`warning: ${message}\n`);
const journal = await createStateFile({
  path,
  clock: systemClock,
  processes: systemProcesses,
  user: thisUser,
  onWarning,
}).open(job);
for (let index = 0; index < Number(layers); index += 1) {
  const name = `layer-${index}`;
  const sibling = { path: name, size: 7, oid: { algorithm: 'sha256', hex: '1'.repeat(64) } };
  const layer = { path: `models/${name}`, size: 2560, sibling };
  await journal.recordSession(layer, { location: `https://r.test/v2/uploads/${model}/${index}`, offset: 0 });
  await journal.recordLayer(layer, { digest: `sha256:${'a'.repeat(64)}`, size: 2560 });
  process.stdout.write(`${name}\n`);
}
