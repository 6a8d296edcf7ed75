/** The media types we write (OCI image-spec, media-types.md). */
export const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
export const INDEX = 'application/vnd.oci.image.index.v1+json';
export const CONFIG = 'application/vnd.oci.image.config.v1+json';
/** Uncompressed: the digest of the blob is the diff ID of the layer. */
export const LAYER = 'application/vnd.oci.image.layer.v1.tar';

/**
 * What Docker calls the same things (https://distribution.github.io/distribution/spec/manifest-v2-2/): we read these,
 * and do not write them.
 */
export const DOCKER_MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';
export const DOCKER_INDEX = 'application/vnd.docker.distribution.manifest.list.v2+json';
export const DOCKER_CONFIG = 'application/vnd.docker.container.image.v1+json';
export const DOCKER_LAYER = 'application/vnd.docker.image.rootfs.diff.tar';
