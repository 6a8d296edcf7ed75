/** The value of `--allow-patterns` for one quantisation of a GGUF repository, with what belongs to each of them. */
export function oneQuantisation(name: string): string {
  return `*${name}*,*mmproj*,*.md,LICENSE*`;
}
