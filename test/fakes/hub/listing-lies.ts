/** Ready-made edits for the fault `{ kind: 'edit-json', edit }` on `tree` and `paths-info`. */
export type ListingEdit = (value: unknown) => unknown;

/** The entry for `path` comes twice in the answer that holds it. */
export function twice(path: string): ListingEdit {
  return entries((list) => list.flatMap((entry) => (entry.path === path ? [entry, entry] : [entry])));
}

/**
 * One more file: of a path no archive should be given (`../x`, `/etc/passwd`, `a\\b`, with NUL …), or of one that
 * another page lists already.
 */
export function extraFile(path: string): ListingEdit {
  return entries((list) => [...list, { type: 'file', oid: '0'.repeat(40), size: 3, path }]);
}

/** Takes fields away, `lfs.oid` naming one inside `lfs`; of every entry, or of `path` only. */
export function withoutFields(names: readonly string[], path?: string): ListingEdit {
  return entryEdit(path, (entry) => names.reduce(withoutField, entry));
}

export function withoutPath(path: string): ListingEdit {
  return entries((list) => list.filter((entry) => entry.path !== path));
}

/** Some clones of the Hub give the size of the pointer where the size of the file belongs. */
export const pointerSizeAsSize: ListingEdit = entryEdit(undefined, (entry) => {
  const lfs = entry.lfs;
  return isRecord(lfs) ? { ...entry, size: lfs.pointerSize } : entry;
});

/** `lfs.oid` no longer is the digest of the content. */
export function wrongSha256(path: string): ListingEdit {
  return entryEdit(path, (entry) => {
    const lfs = entry.lfs;
    return isRecord(lfs) ? { ...entry, lfs: { ...lfs, oid: 'f'.repeat(64) } } : entry;
  });
}

export const reversed: ListingEdit = entries((list) => [...list].reverse());

type Entry = Readonly<Record<string, unknown>>;

function entryEdit(path: string | undefined, edit: (entry: Entry) => Entry): ListingEdit {
  return entries((list) =>
    list.map((entry) => (path === undefined || entry.path === path ? edit(entry) : entry)),
  );
}

function entries(edit: (list: readonly Entry[]) => readonly Entry[]): ListingEdit {
  return (value) => (Array.isArray(value) ? edit(value.filter(isRecord)) : value);
}

function withoutField(entry: Entry, name: string): Entry {
  const [outer = '', inner] = name.split('.');
  const nested = entry[outer];
  if (inner !== undefined) {
    return isRecord(nested) ? { ...entry, [outer]: withoutField(nested, inner) } : entry;
  }
  return Object.fromEntries(Object.entries(entry).filter(([key]) => key !== outer));
}

function isRecord(value: unknown): value is Entry {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
