import {
  type ImageReference,
  parseImageReference,
  parseStoredReference,
  parseTargetLocation,
  type StoredReference,
  type TargetLocation,
} from '../index.ts';
import { holdsAccount } from './holds-account.ts';
import { meantModel, refuseForeignModel } from './model-mistakes.ts';
import { type FlagValues, shown, usage } from './read-flags.ts';
import { refuseForeignTarget } from './target-mistakes.ts';

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
  if (argument !== undefined && values.wasGiven('hfRepo')) {
    throw usage(
      `${shown(argument)} and --hf-repo both name a model`,
      'Leave out one of them, or give the target by --registry and --target-repo.',
    );
  }
  const text = argument ?? values.text('hfRepo');
  if (text === undefined)
    throw usage('no model is named', 'Write: oci-modelcar push org/model registry/repository');
  // A URL with an account, as git clones it: the name of a model has no colon.
  if (holdsAccount(text))
    throw usage('the model contains a user name or password', 'Write org/model; a token goes into HF_TOKEN.');
  refuseForeignModel(text);
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
    const location = flaggedTarget(values);
    if (location === undefined)
      throw usage('no target is named', 'Add registry/repository[:tag], or --registry.');
    return { location, tag: flaggedTag(values) };
  }
  if (values.wasGiven('registry') || values.wasGiven('targetRepo')) {
    throw usage('the target is named twice', 'Leave out --registry and --target-repo.');
  }
  const parsed = parseImageReference(checkedTarget(argument, values));
  if (parsed.tag !== undefined && values.wasGiven('targetTag')) {
    throw usage('the tag is given twice', 'Leave out --target-tag, or use --also-tag for a second one.');
  }
  return { location: parsed.location, tag: parsed.tag ?? flaggedTag(values) };
}

/** No tag has a comma: the user wants several. */
function flaggedTag(values: FlagValues): string | undefined {
  const tag = values.text('targetTag');
  if (tag?.includes(','))
    throw usage(
      `the tag is given more than once: ${shown(tag)}`,
      'Keep the first one, and give the others with --also-tag.',
    );
  return tag;
}

/** The target that `--registry` and `--target-repo`, or their variables, name. */
export function flaggedTarget(values: FlagValues): TargetLocation | undefined {
  const registry = values.text('registry');
  if (registry === undefined) return undefined;
  const checked = checkedTarget(registry, values);
  const { host, path } =
    /^(?<host>(?:https?:\/\/)?[\w.:[\]-]+)\/(?<path>\w(?:[\w./-]*\w)?)\/*$/.exec(registry)?.groups ?? {};
  if (path !== undefined && !registry.startsWith('oci:')) {
    const repository = [path, values.text('targetRepo') ?? []].flat().join('/');
    throw usage(
      '--registry takes a host, without a path',
      `Write it as --registry ${host} --target-repo ${repository}`,
    );
  }
  return parseTargetLocation(checked, values.text('targetRepo'));
}

/** @throws ModelcarError `USAGE` */
export function storedImage(argument: string, values: FlagValues): StoredReference {
  return parseStoredReference(checkedTarget(argument, values));
}

/**
 * Refuses a target in place of the model: docker and podman take only a target.
 * @throws ModelcarError `USAGE`
 */
export function refuseSwapped(model: string | undefined, reference: string | undefined): void {
  if (model === undefined || holdsAccount(model) || meantModel(model) !== undefined) return;
  if (!isReference(model)) return;
  if (reference === undefined) {
    throw usage(
      `the only argument is a target: ${model}`,
      `Put the model in front: oci-modelcar push org/model ${model}`,
    );
  }
  const meant = holdsAccount(reference) ? undefined : meantModel(reference);
  if (meant === undefined) {
    // A URL may be a mirror of the Hub.
    if (/^https?:/.test(model) || !isReference(reference)) return;
    throw usage(
      `${model} is an image, not a model`,
      'Give a model of the Hub as org/model; skopeo copy copies images.',
    );
  }
  throw usage(
    'the arguments look swapped: the model comes first',
    `Run: oci-modelcar push ${meant} ${model}`,
  );
}

function isReference(text: string): boolean {
  try {
    parseImageReference(text);
    return true;
  } catch {
    return false;
  }
}

/** The registry or layout for the library: with http:// in front if `--plain-http` asks for it. */
function checkedTarget(text: string, values: FlagValues): string {
  refuseForeignTarget(text);
  if (!values.decision('plainHttp') || text.startsWith('http://')) return text;
  if (text.startsWith('https://'))
    throw usage('--plain-http and https:// contradict each other', 'Leave out one of them.');
  if (text.startsWith('oci:')) throw usage('an OCI image layout needs no HTTP', 'Leave out --plain-http.');
  return `http://${text}`;
}
