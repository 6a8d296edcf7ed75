import { type ImageReference, parseImageReference, parseTargetLocation } from '../index.ts';
import { holdsAccount } from './holds-account.ts';
import { type FlagValues, usage } from './read-flags.ts';

/**
 * The model and its revision: the argument, else flags or variables. What is said twice on the command line is an
 * error; variables stand back.
 *
 * @throws ModelcarError `USAGE`
 */
export function modelOf(
  argument: string | undefined,
  values: FlagValues,
): { readonly model: string; readonly revision: string | undefined } {
  if (argument !== undefined && values.wasGiven('hfRepo'))
    throw usage('the model is named twice', 'Leave out --hf-repo.');
  const text = argument ?? values.text('hfRepo');
  if (text === undefined)
    throw usage('no model is named', 'Write: oci-modelcar push org/model registry/repository');
  // A URL with an account, as git clones it: the name of a model has no colon.
  if (holdsAccount(text))
    throw usage('the model contains a user name or password', 'Write org/model; a token goes into HF_TOKEN.');
  const at = text.indexOf('@');
  if (at === -1) return { model: text, revision: values.text('hfRevision') };
  if (values.wasGiven('hfRevision')) throw usage('the revision is given twice', 'Leave out --hf-revision.');
  return { model: text.slice(0, at), revision: text.slice(at + 1) };
}

/**
 * The target and its tag, in the same way.
 * @throws ModelcarError `USAGE`
 */
export function targetOf(argument: string | undefined, values: FlagValues): ImageReference {
  if (argument === undefined) {
    const registry = values.text('registry');
    if (registry === undefined)
      throw usage('no target is named', 'Add registry/repository[:tag], or --registry.');
    return {
      location: parseTargetLocation(registry, values.text('targetRepo')),
      tag: values.text('targetTag'),
    };
  }
  if (values.wasGiven('registry') || values.wasGiven('targetRepo')) {
    throw usage('the target is named twice', 'Leave out --registry and --target-repo.');
  }
  const parsed = parseImageReference(argument);
  if (parsed.tag !== undefined && values.wasGiven('targetTag')) {
    throw usage('the tag is given twice', 'Leave out --target-tag, or use --also-tag for a second one.');
  }
  return { location: parsed.location, tag: parsed.tag ?? values.text('targetTag') };
}
