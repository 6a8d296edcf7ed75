import { dist3, dist28, olareg } from './distribution-personalities.ts';
import { acr, ecr, forgejo, gar, ghcr, harbor, nexus, pulp, quay, r2, zot } from './hosted-personalities.ts';
import type { Personality } from './personality.ts';

export type PersonalityName =
  | 'dist28'
  | 'dist3'
  | 'olareg'
  | 'zot'
  | 'quay'
  | 'forgejo'
  | 'ecr'
  | 'ghcr'
  | 'gar'
  | 'acr'
  | 'r2'
  | 'pulp'
  | 'harbor'
  | 'hub'
  | 'nexus';

export const personalities: Readonly<Record<PersonalityName, Personality>> = {
  dist28,
  dist3,
  olareg,
  zot,
  quay,
  forgejo,
  ecr,
  ghcr,
  gar,
  acr,
  r2,
  pulp,
  harbor,
  // Docker Hub differs from distribution in its limits, which are faults: 429 with Retry-After, 300 s tokens.
  hub: { ...dist28, name: 'hub' },
  nexus,
};

export function personalityOf(choice: PersonalityName | Personality): Personality {
  return typeof choice === 'string' ? personalities[choice] : choice;
}
