import { type Flag, type Flags, longName, namesOf, takesValue } from './flag.ts';

/** A table for the help: other tools' names for our flags, and their flags that we only accept. */
export function alsoUnderstood(flags: Flags): string {
  const rows = Object.values(flags).flatMap((flag) => {
    const names = shownNames(flag);
    return names.length === 0 ? [] : [[names.join(', '), flag.hidden ? flag.about : longName(flag)] as const];
  });
  if (rows.length === 0) return '';
  const width = Math.max(...rows.map(([names]) => names.length));
  const lines = rows.map(([names, ours]) => `  ${names.padEnd(width)}  ${ours}\n`);
  return `\nAlso understood, as other tools call them:\n${lines.join('')}`;
}

/** Without names that repeat the target, as in --dest-authfile. */
function shownNames(flag: Flag): readonly string[] {
  const names = namesOf(flag).slice(flag.hidden ? 0 : 1);
  const value = flag.hidden && takesValue(flag) ? flag.flag.replace(/^\S+/, '') : '';
  return names.filter((name) => !/^--(dest|to)-/.test(name)).map((name) => name + value);
}
