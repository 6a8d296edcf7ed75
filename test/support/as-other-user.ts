import { chmod } from 'node:fs/promises';

/**
 * Does `work` as a user whom file permissions bind, also where the tests run as root, whom they do not.
 * @param folder what this user may enter
 */
export async function asOtherUser<T>(folder: string, work: () => T | Promise<T>): Promise<T> {
  if (process.getuid?.() !== 0) return work();
  await chmod(folder, 0o755);
  process.seteuid?.('nobody');
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
  }
}
