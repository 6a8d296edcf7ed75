import { printable } from './printable.ts';

/**
 * Foreign text that no CI service takes for a command: Azure Pipelines reads `##vso[` and `##[`, and GitHub `##[`,
 * wherever it stands in a line, and GitHub `::` at its start. Their comparisons pass over characters that show
 * nothing, so such characters do not help between the two signs, and do not save them.
 *
 * @see https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs
 */
export function inert(text: string): string {
  return printable(text)
    .replace(/#(?=\p{Default_Ignorable_Code_Point}*#)/gu, '\ufffd')
    .replace(/^([\s\p{Default_Ignorable_Code_Point}]*):(?=\p{Default_Ignorable_Code_Point}*:)/u, '$1\ufffd');
}
