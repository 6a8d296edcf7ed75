/** Models have fewer than 100,000 files (https://huggingface.co/docs/hub/storage-limits); a listing beyond this has no end. */
const FILES_LIMIT = 250_000;
/** Of all paths together: 128 bytes for each of so many files. */
const PATHS_LIMIT_MIB = 32;

/**
 * Takes the paths of one listing, however many pages bring them, so that none fills the memory.
 * @returns a function that says what the listing has too much of, in words that follow its name
 */
export function listingLimits(): (path: string) => string | undefined {
  let files = 0;
  let bytes = 0;
  return (path) => {
    files += 1;
    bytes += Buffer.byteLength(path);
    if (files > FILES_LIMIT) return `has more than ${FILES_LIMIT} files`;
    return bytes > PATHS_LIMIT_MIB * 2 ** 20 ? `has more than ${PATHS_LIMIT_MIB} MiB of paths` : undefined;
  };
}
