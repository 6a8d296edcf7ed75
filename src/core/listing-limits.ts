/** Models have fewer than 100,000 files: https://huggingface.co/docs/hub/storage-limits. More than this counts as endless. */
const FILES_LIMIT = 250_000;
/** For all paths together: some 128 bytes for each file. */
const PATHS_LIMIT_MIB = 32;

/**
 * Counts the paths of one listing across its pages, so that no listing fills the memory.
 * @returns a function that takes the next path, and names the limit that it exceeds, as in `has more than …`
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
