import type { RegistryCredentials } from '../../core/registry-credentials.ts';

/**
 * The credentials of one run: asked for once and then remembered, for a helper may take a second and tokens of a minute
 * are renewed often; asked for again once they were refused, for what helpers give out has a life of hours.
 */
export interface RememberedCredentials {
  /** What was asked for last, if anything. */
  remembered(): RegistryCredentials | undefined;
  ask(): Promise<RegistryCredentials | undefined>;
  /** `spent` was good once, `next` takes its place (https://datatracker.ietf.org/doc/html/rfc6749#section-6). */
  rotate(spent: RegistryCredentials, next: string): void;
}

export function rememberCredentials(
  find: () => Promise<RegistryCredentials | undefined>,
): RememberedCredentials {
  let found: RegistryCredentials | undefined;
  /** What `found` has become. */
  let rotated: RegistryCredentials | undefined;

  return {
    remembered: () => rotated ?? found,
    async ask() {
      const again = await find();
      // Where it was found there is still the one that we have spent.
      if (rotated !== undefined && sameCredentials(again, found)) return rotated;
      found = again;
      rotated = undefined;
      return found;
    },
    rotate(spent, next) {
      if (spent.kind === 'identity') rotated = { ...spent, identityToken: next };
    },
  };
}

export function sameCredentials(
  one: RegistryCredentials | undefined,
  other: RegistryCredentials | undefined,
): boolean {
  if (one === undefined || other === undefined) return one === other;
  return secretOf(one) === secretOf(other);
}

function secretOf(credentials: RegistryCredentials): string {
  switch (credentials.kind) {
    case 'account':
      return JSON.stringify([credentials.username, credentials.password]);
    case 'identity':
      return credentials.identityToken;
    case 'bearer':
      return credentials.token;
  }
}
