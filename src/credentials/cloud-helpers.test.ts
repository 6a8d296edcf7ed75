import { expect, test } from 'vitest';
import { cloudHelpers } from './cloud-helpers.ts';

test.each([
  ['123456789012.dkr.ecr.us-east-1.amazonaws.com', 'ecr-login'],
  ['123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com', 'ecr-login'],
  ['123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn', 'ecr-login'],
  ['123456789012.dkr-ecr.eu-central-1.on.aws', 'ecr-login'],
  ['123456789012.dkr-ecr-fips.us-east-1.on.aws', 'ecr-login'],
  ['public.ecr.aws', 'ecr-login'],
  ['gcr.io', 'gcr'],
  ['eu.gcr.io', 'gcr'],
  ['us-central1-docker.pkg.dev', 'gcr'],
  ['acme.azurecr.io', 'acr-env'],
  ['acme-d7e4b2.azurecr.io', 'acr-env'],
  ['acme.azurecr.cn', 'acr-env'],
  ['acme.azurecr.us', 'acr-env'],
  ['ACME.azurecr.io', 'acr-env'],
])('%s is a registry whose cloud has the helper %s', (host, helper) => {
  expect(cloudHelpers(host)[0]).toBe(helper);
});

test.each([
  '123456789012.dkr.ecr.us-east-1.amazonaws.com.evil.test',
  '123456789012.dkr.ecr.us-east-1.amazonaws.com.cn.evil.test',
  'evil.test.dkr.ecr.us-east-1.amazonaws.com',
  'x.dkr.ecr.us-east-1.amazonaws.com',
  '123456789012.dkr.ecr.evil.test.amazonaws.com',
  '123456789012.dkr.ecr.us-east-1.amazonaws.com:5000',
  '123456789012.dkr.ecr.us-east-1.evil-amazonaws.com',
  '123456789012xdkr.ecr.us-east-1.amazonaws.com',
  '123456789012.dkr.ecr.us-east-1xamazonaws.com',
  '123456789012.dkr-ecr.us-east-1.on.aws.evil.test',
  'public.ecr.aws.evil.test',
  'evil-public.ecr.aws',
  'publicxecr.aws',
  'gcr.io.evil.test',
  'evilgcr.io',
  'gcrxio',
  'evil.test/gcr.io',
  'us-docker.pkg.dev.evil.test',
  'pkg.dev',
  'evilpkg.dev',
  'acme.azurecr.io.evil.test',
  'evil.azurecr.io.attacker.com',
  'acme.azurecr.io.cn',
  'acmeazurecr.io',
  'azurecr.io',
  'acme.azurecr.io\nevil.test',
  'ghcr.io',
  'docker.io',
  'localhost:5000',
])('%j gets no account of a cloud', (host) => {
  expect(cloudHelpers(host)).toEqual([]);
});
