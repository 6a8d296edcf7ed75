/** The folder that a path is in: empty, or ending in `/`. */
export function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1);
}

/** The last component of a path. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** PATH_MAX of Linux (limits.h), without its NUL: no program can open a longer path. */
const LONGEST_PATH = 4095;
/** NAME_MAX of Linux (limits.h). */
const LONGEST_NAME = 255;

/** Why a path is too long for any file system, as a clause; undefined if it fits. */
export function overlong(path: string): string | undefined {
  if (Buffer.byteLength(path) > LONGEST_PATH) return `the path is longer than ${LONGEST_PATH} bytes`;
  const fits = path.split('/').every((component) => Buffer.byteLength(component) <= LONGEST_NAME);
  return fits ? undefined : `a component is longer than ${LONGEST_NAME} bytes`;
}

/** A path for a message: quoted, and cut to a length that a person reads. */
export function shownPath(path: string): string {
  return path.length > 300 ? `${JSON.stringify(path.slice(0, 300))}…` : JSON.stringify(path);
}
