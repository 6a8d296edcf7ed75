/** The media types we write (OCI image-spec, media-types.md). */
export const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
export const INDEX = 'application/vnd.oci.image.index.v1+json';
export const CONFIG = 'application/vnd.oci.image.config.v1+json';
/** Uncompressed: the digest of the blob is the diff ID of the layer. */
export const LAYER = 'application/vnd.oci.image.layer.v1.tar';
