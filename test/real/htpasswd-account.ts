import { secret } from '../support/secrets.ts';

/** An account, and the file with which docker-registry knows it. */
export const USER = 'pusher';
export const PASSWORD: string = `${secret('htpasswd password')} horse: battery`;
/** bcrypt of it, as `htpasswd -B` makes it. */
export const HTPASSWD: string = `${USER}:$2b$05$abcdefghijklmnopqrstuub7n31ZFE7I/XzZfU8Q6L56LeCGJz/Mu\n`;
