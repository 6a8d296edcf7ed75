import { type Flags, namesOf, takesValue } from './flag.ts';

/** A paragraph of the help: the names that other tools have for our flags, and those flags that only they have. */
export function alsoUnderstood(flags: Flags, width: number): string {
  const items = Object.values(flags).flatMap((flag) => {
    const [name = '', ...aliases] = namesOf(flag);
    const value = takesValue(flag) ? flag.flag.replace(/^\S+/, '') : flag.negatable ? '[=false]' : '';
    if (flag.hidden) return [`${[name, ...aliases].join(', ')}${value} (${flag.about})`];
    return aliases.length === 0 ? [] : [`${aliases.join(', ')} (${name})`];
  });
  if (items.length === 0) return '';
  return `\nAlso understood, as other tools call them:\n${wrapped(items.join('; ').split(' '), width - 2)}\n`;
}

function wrapped(words: readonly string[], width: number): string {
  const lines: string[] = [];
  for (const word of words) {
    const line = `${lines.at(-1) ?? ''} ${word}`;
    if (lines.length > 0 && line.length <= width) lines[lines.length - 1] = line;
    else lines.push(word);
  }
  return lines.map((line) => `  ${line}`).join('\n');
}
