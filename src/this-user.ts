import process from 'node:process';

/** The user ID that the system checks when this process opens a file; undefined on Windows, which has none. */
export const thisUser: number | undefined = process.geteuid?.();
