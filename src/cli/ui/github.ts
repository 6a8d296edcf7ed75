import { inert } from './inert.ts';
import { type FormatEntry, withoutLevel } from './log-entry.ts';

/**
 * Entries as GitHub Actions reads them.
 *
 * @see https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
 */
export const formatGithub: FormatEntry = (entry) => {
  switch (entry.kind) {
    case 'info':
    case 'detail':
    case 'progress':
      return [inert(entry.text)];
    case 'heading':
      return [`── ${inert(entry.text)} ──`];
    case 'group':
      return [`::group::${escapeData(entry.text)}`];
    case 'group-end':
      return ['::endgroup::'];
    case 'warning':
      return [`::warning title=oci-modelcar::${escapeData(entry.text)}`];
    case 'error':
      // One annotation with all of it: what to do must not stay behind in the log.
      return [`::error title=oci-modelcar::${withoutLevel(entry.lines).map(escapeData).join('%0A')}`];
  }
};

/** The data of a command ends with its line. */
function escapeData(text: string): string {
  return inert(text).replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}
