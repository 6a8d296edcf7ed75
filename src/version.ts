import { readFileSync } from 'node:fs';
import { versions } from 'node:process';

/** The version in package.json, which lies above `src` and `dist` alike. */
export const VERSION: string = String(
  JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version,
);

/** How we introduce ourselves to every server. */
export const USER_AGENT: string = `oci-modelcar/${VERSION} node/${versions.node}`;
