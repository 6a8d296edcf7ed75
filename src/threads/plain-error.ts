import { type ErrorCode, ModelcarError } from '../core/error.ts';

/** An error as it crosses from one thread to another: what Node copies by itself loses the code and the hint. */
export type PlainError =
  | {
      readonly kind: 'modelcar';
      readonly code: ErrorCode;
      readonly message: string;
      readonly hint: string | undefined;
      readonly cause: PlainError | undefined;
    }
  | {
      readonly kind: 'other';
      readonly name: string;
      readonly message: string;
      readonly stack: string | undefined;
      readonly code: string | undefined;
    };

export function toPlainError(error: unknown): PlainError {
  if (error instanceof ModelcarError) {
    const { code, message, hint, cause } = error;
    return {
      kind: 'modelcar',
      ...{ code, message, hint },
      cause: cause === undefined ? undefined : toPlainError(cause),
    };
  }
  if (!(error instanceof Error)) {
    return { kind: 'other', name: 'Error', message: String(error), stack: undefined, code: undefined };
  }
  const { name, message, stack } = error;
  const { code } = error as NodeJS.ErrnoException;
  return { kind: 'other', name, message, stack, code: typeof code === 'string' ? code : undefined };
}

export function fromPlainError(plain: PlainError): Error {
  if (plain.kind === 'modelcar') {
    const { code, message, hint, cause } = plain;
    return new ModelcarError(code, message, {
      ...(hint !== undefined && { hint }),
      ...(cause !== undefined && { cause: fromPlainError(cause) }),
    });
  }
  const { name, message, stack, code } = plain;
  return Object.assign(new Error(message), { name, stack, ...(code !== undefined && { code }) });
}
