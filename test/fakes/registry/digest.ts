/** A digest of an algorithm that registries know, in the form that image-spec gives it ("Digests"). */
export function isDigest(text: string): boolean {
  return /^(sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128})$/.test(text);
}

export const malformedDigest = {
  status: 400,
  code: 'DIGEST_INVALID',
  message: 'provided digest did not match uploaded content',
} as const;
