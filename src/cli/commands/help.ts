import { readFile } from 'node:fs/promises';
import { COMMANDS } from '../flags.ts';

/** The pages of docs/ that users need while they run commands, and those that they refer to. */
const PAGES: readonly string[] = [
  ...['errors', 'events', 'inspect', 'selection', 'credentials', 'certificates', 'environment'],
  ...['image-layout', 'terminal', 'faults', 'library'],
];

export const TOPICS: readonly string[] = [...Object.keys(COMMANDS), ...PAGES];

/**
 * `oci-modelcar help`: a page of the manual, which the package contains.
 * @throws ModelcarError `USAGE`
 */
export async function manualPage(page: string): Promise<string> {
  if (PAGES.includes(page)) return readFile(new URL(`../../../docs/${page}.md`, import.meta.url), 'utf8');
  const { shown, usage } = await import('../read-flags.ts');
  throw usage(`there is no help on ${shown(page)}`, `Choose ${TOPICS.join(', ')}.`);
}
