/**
 * The helpers of the cloud that runs a registry, such as `ecr-login`. They find the account of the machine or of the
 * Kubernetes service account, so they work where nothing is configured. The patterns match whole host names: an account
 * must not go to `….amazonaws.com.evil.test`.
 */
export function cloudHelpers(host: string): readonly string[] {
  return CLOUDS.find(({ hosts }) => hosts.test(host))?.helpers ?? [];
}

const CLOUDS = [
  {
    // As https://github.com/awslabs/amazon-ecr-credential-helper accepts them.
    hosts:
      /^(public\.ecr\.aws|\d{12}\.dkr[.-]ecr(-fips)?\.[a-z0-9-]+\.(amazonaws\.com(\.cn)?|on\.(aws|amazonwebservices\.com\.cn)))$/i,
    helpers: ['ecr-login'],
  },
  { hosts: /^(([a-z0-9-]+\.)?gcr\.io|[a-z0-9-]+\.pkg\.dev)$/i, helpers: ['gcr', 'gcloud'] },
  { hosts: /^[a-z0-9][a-z0-9-]*\.azurecr\.(io|cn|us)$/i, helpers: ['acr-env'] },
] as const;
