/** An account, and the file with which docker-registry knows it. */
export const USER = 'pusher';
export const PASSWORD = 'correct horse: battery';
/** bcrypt of it, as `htpasswd -B` makes it. */
export const HTPASSWD: string = `${USER}:$2b$05$abcdefghijklmnopqrstuuo.EtZwHYN4TBb5Jt4JZsHk5MDJevH0W\n`;
