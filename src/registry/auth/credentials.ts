/** An account at a registry. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** Where credentials come from: asked when a registry wants them, not before. */
export type CredentialSource = (host: string) => Promise<Credentials | undefined>;

export function basicAuthorization({ username, password }: Credentials): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}
