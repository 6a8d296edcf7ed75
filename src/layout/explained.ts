import { ModelcarError } from '../core/error.ts';

/**
 * A failure of the file system, in the words of an adapter.
 * @throws ModelcarError `REJECTED`
 */
export async function explained<T>(what: string, work: () => Promise<T>, hint: string = WRITING): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!isSystemError(cause)) throw cause;
    throw new ModelcarError('REJECTED', `cannot ${what}: ${cause.message}`, { hint, cause });
  }
}

const WRITING = 'Check that the folder can be written and that the disk has room for the whole model.';

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error;
}
