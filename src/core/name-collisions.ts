/** Two paths that a file system may treat as one. */
export type Collision = readonly [path: string, other: string];

/**
 * Files and folders whose names differ only in case or in Unicode normal form: macOS and Windows keep one of each. A
 * folder counts once, whatever it contains.
 */
export function nameCollisions(paths: readonly string[]): readonly Collision[] {
  // NUL is in no path and sorts before every other character, so each folder directly precedes its contents.
  const sorted = paths
    .map((path) => ({ parts: path.split('/'), key: folded(path).replaceAll('/', '\0') }))
    .sort((a, b) => (a.key < b.key ? -1 : Number(a.key > b.key)));
  const collisions = new Map<string, Collision>();
  for (const [index, { parts, key }] of sorted.entries()) {
    const before = sorted[index - 1];
    const depth = before === undefined ? -1 : collidingDepth(before, { parts, key });
    if (before === undefined || depth === -1) continue;
    const pair: Collision = [joined(before.parts, depth), joined(parts, depth)];
    collisions.set([...pair].sort().join('\0'), pair);
  }
  return [...collisions.values()];
}

interface Path {
  readonly parts: readonly string[];
  readonly key: string;
}

/** The index of the first component that differs but folds to the same text; -1 if there is none. */
function collidingDepth(a: Path, b: Path): number {
  const others = b.key.split('\0');
  for (const [depth, component] of a.key.split('\0').entries()) {
    if (component !== others[depth]) return -1;
    if (a.parts[depth] !== b.parts[depth]) return depth;
  }
  return -1;
}

function joined(parts: readonly string[], depth: number): string {
  return parts.slice(0, depth + 1).join('/');
}

function folded(path: string): string {
  return path.normalize('NFC').toLowerCase().normalize('NFC');
}
