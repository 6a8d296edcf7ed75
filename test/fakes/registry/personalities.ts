import { dist3, dist28, olareg } from './distribution-personalities.ts';
import * as hosted from './hosted-personalities.ts';
import type { Personality } from './personality.ts';
import * as surrounded from './surrounded-personalities.ts';

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
  | 'gcr'
  | 'acr'
  | 'r2'
  | 'pulp'
  | 'harbor'
  | 'hub'
  | 'nexus'
  | 'artifactory-ha'
  | 'slow-commit'
  | 'put-only'
  | 'length-only';

export const personalities: Readonly<Record<PersonalityName, Personality>> = {
  dist28,
  dist3,
  olareg,
  zot: hosted.zot,
  quay: hosted.quay,
  forgejo: hosted.forgejo,
  ecr: hosted.ecr,
  ghcr: hosted.ghcr,
  gar: hosted.gar,
  gcr: hosted.gcr,
  acr: hosted.acr,
  r2: hosted.r2,
  pulp: hosted.pulp,
  harbor: hosted.harbor,
  hub: surrounded.hub,
  nexus: hosted.nexus,
  'artifactory-ha': surrounded.artifactoryHa,
  'slow-commit': surrounded.slowCommit,
  'put-only': surrounded.putOnly,
  'length-only': surrounded.lengthOnly,
};

export function personalityOf(choice: PersonalityName | Personality): Personality {
  return typeof choice === 'string' ? personalities[choice] : choice;
}
