import { readFileSync } from 'node:fs';
import { versions } from 'node:process';
import * as v from 'valibot';

/** The version in package.json, which lies above `src` and `dist` alike. */
export const VERSION: string = v.parse(
  v.object({ version: v.string() }),
  JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')),
).version;

/** How we introduce ourselves to every server. */
export const USER_AGENT: string = `oci-modelcar/${VERSION} node/${versions.node}`;
