/**
 * JSON that may be shown on a terminal or in a CI log as it is: what would move a cursor, turn text round or start a
 * command of Azure Pipelines or GitHub is written as `\uXXXX`, which JSON reads as the same text. On one line.
 */
export function inertJson(value: object): string {
  return JSON.stringify(value).replace(
    /[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]|#(?=\p{Default_Ignorable_Code_Point}*#)/gu,
    unicodeEscape,
  );
}

function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
