import { formatReference, type StoredReference, validateImage } from '../../index.ts';
import { EXIT_CODES } from '../exit-code.ts';
import type { Words } from '../flag.ts';
import { VALIDATE_FLAGS } from '../flags.ts';
import { prepareInspection } from '../inspection.ts';
import { flaggedTarget, storedImage } from '../model-and-target.ts';
import { type FlagValues, readFlags, usage } from '../read-flags.ts';
import { inertJson } from '../ui/inert-json.ts';
import { toLines } from '../ui/text.ts';
import { formatValidation, validationDocument } from '../ui/validation.ts';

/** `oci-modelcar validate`: prints what it found and returns the exit code. */
export async function validate(
  words: Words & { readonly reference?: string },
  process: NodeJS.Process,
  signal: AbortSignal,
): Promise<number> {
  const values = readFlags(VALIDATE_FLAGS, words, process.env);
  const { location, name } = imageOf(words.reference, values);
  if (name === undefined)
    throw usage(
      'no tag is named',
      `Add :tag or @sha256:…; oci-modelcar status ${formatReference(location)} lists the tags.`,
    );
  const found = await validateImage({
    target: location,
    ...name,
    ...(await prepareInspection(values, process, signal)),
  });
  const text = values.decision('json')
    ? `${inertJson({ v: 1, type: 'validation', ...validationDocument(found) })}\n`
    : toLines(formatValidation(found));
  process.stdout.write(text);
  return found.problems.length === 0 ? 0 : EXIT_CODES.CONTENT_MISMATCH;
}

/** The argument, else flags or variables. */
function imageOf(argument: string | undefined, values: FlagValues): StoredReference {
  if (argument === undefined) {
    const location = flaggedTarget(values);
    if (location === undefined)
      throw usage('no image is named', 'Add registry/repository:tag, or --registry.');
    const tag = values.text('targetTag');
    return { location, name: tag === undefined ? undefined : { tag } };
  }
  if (values.wasGiven('registry') || values.wasGiven('targetRepo') || values.wasGiven('targetTag'))
    throw usage('the image is named twice', 'Leave out --registry, --target-repo and --target-tag.');
  return storedImage(argument, values);
}
