import { addCost, NO_COST, type PushCost } from '../core/cost.ts';
import type { Digest } from '../core/digest.ts';
import { shownPath } from '../core/file-path.ts';
import { buildImage } from '../core/image.ts';
import { type PlannedLayer, planLayers } from '../core/layer-plan.ts';
import { formatModelId, type ModelId, type ResolvedModel } from '../core/model.ts';
import { type Collision, nameCollisions } from '../core/name-collisions.ts';
import type { UploadSession } from '../core/ports.ts';
import type { LeftOut, Pickles, SelectionPatterns } from '../core/selection/selection.ts';
import { onOneLine, totalSize } from '../core/selection/sized-list.ts';
import { isSmall } from '../core/small-layer.ts';
import type { TarLayout } from '../core/tar-layer.ts';
import { createTransferMeter, type Transfer } from '../core/transfer.ts';
import { checkSizes } from './check-sizes.ts';
import { createTagLook, type LookAtTag, lookAtTags, type SeenTag } from './look-at-tags.ts';
import type { PlanWarning } from './plan-warning.ts';
import { publishImage } from './publish-image.ts';
import { pushLayer } from './push-layer.ts';
import { pushLayers } from './push-layers.ts';
import { selectFiles } from './select-files.ts';
import type { MovedTag } from './set-tags.ts';
import type { World } from './world.ts';

/** What to push. Plain data. */
export interface PushRequest {
  readonly model: ModelId;
  readonly revision: string;
  /** Default: the first 12 characters of the commit. */
  readonly tag: string | undefined;
  /** Further tags for the same image. */
  readonly alsoTags: readonly string[];
  /** Whether the default tag may move to other files. */
  readonly moveTag: boolean;
  readonly patterns: SelectionPatterns;
  readonly pickles: Pickles;
  /** The folder of the image that holds the model: empty, or ending in `/`. */
  readonly prefix: string;
  readonly tarLayout: TarLayout;
  /** The Hub and the target, as records name them. */
  readonly endpoint: string;
  readonly target: string;
  /** Push every layer, whatever earlier runs wrote down. */
  readonly force: boolean;
  /** Whether the other layers are pushed when one has failed; there is no image then either. */
  readonly continueOnError: boolean;
  /** How many large layers are pushed at once. */
  readonly workers: number;
}

/** What a push would do. Plain data. */
export interface PushPlan {
  readonly model: ResolvedModel;
  /** In the order of the image. */
  readonly layers: readonly PlannedLayer[];
  /** What of the model is not pushed, and why; the most bytes first. */
  readonly leftOut: readonly LeftOut[];
  readonly tags: readonly [string, ...string[]];
  /** The image by its first tag, as the result will name it. */
  readonly imageReference: string;
}

export interface PushResult {
  readonly manifestDigest: Digest;
  /** `registry/repository:tag`, with the first tag. */
  readonly imageReference: string;
  /** `registry/repository@sha256:…`: what to sign and to deploy. */
  readonly imageReferenceDigest: string;
  readonly commit: string;
  /** How many bytes were sent, and how many already existed. */
  readonly transfer: Transfer;
  /** The tags that pointed at another image before. */
  readonly movedTags: readonly MovedTag[];
  /** What it took beyond the bytes of the layers. */
  readonly cost: PushCost;
}

/**
 * Looks at the images that the tags of a plan point at.
 * @throws ModelcarError as {@link LookAtTag} does
 */
export async function lookAtPlannedTags(
  plan: PushPlan,
  request: PushRequest,
  world: World,
): Promise<{ readonly look: LookAtTag; readonly seen: readonly SeenTag[] }> {
  const look = tagLook(plan, request, world);
  return { look, seen: await lookAtTags(tagNames(plan, request), look, world) };
}

function tagLook({ layers }: PushPlan, { prefix, tarLayout, moveTag }: PushRequest, world: World): LookAtTag {
  return createTagLook({ wanted: { layers, prefix, tarLayout }, moveTag }, world);
}

function tagNames({ tags }: PushPlan, request: PushRequest): readonly Pick<SeenTag, 'tag' | 'kind'>[] {
  const isDefault = (index: number) => index === 0 && request.tag === undefined;
  return tags.map((tag, index) => ({ tag, kind: isDefault(index) ? 'default' : 'chosen' }));
}

/**
 * Reads from the source and writes nothing.
 * @throws ModelcarError as {@link ModelSource.resolve}, {@link selectFiles} and {@link planLayers} do
 */
export async function planImage(request: PushRequest, world: World): Promise<PushPlan> {
  const model = await world.source.resolve(request.model, request.revision, world.signal);
  const { patterns, pickles } = request;
  const { kept, leftOut, unmatched, warnings } = await selectFiles(model, { ...patterns, pickles }, world);
  const layers = planLayers(kept, request);
  checkSizes(layers, world);
  const files = layers.map(({ sibling }) => sibling);
  await world.source.requireFiles?.(model, files, world.signal);
  world.onEvent({
    type: 'model-resolved',
    model: formatModelId(model.id),
    revision: model.revision,
    commit: model.commit,
    files: layers.length,
    size: layers.reduce((sum, { size }) => sum + size, 0),
  });
  for (const { code, reason, siblings } of leftOut) {
    const [files, size] = [siblings.length, totalSize(siblings)];
    world.onEvent({ type: 'files-left-out', code, reason, files, size });
  }
  const collisions = nameCollisions(layers.map(({ path }) => path));
  for (const { code, message } of [
    ...warnings,
    ...unmatched.map((pattern) => unmatchedWarning(model.id, pattern)),
    ...(collisions.length > 0 ? [collisionWarning(collisions)] : []),
  ]) {
    world.onEvent({ type: 'warning', code, message });
  }
  const { tag = model.commit.slice(0, 12), alsoTags } = request;
  return {
    model,
    layers,
    leftOut,
    tags: [tag, ...new Set(alsoTags.filter((other) => other !== tag))],
    imageReference: world.target.formatReference({ tag }),
  };
}

function unmatchedWarning(id: ModelId, pattern: string): PlanWarning {
  const note = /\s/.test(pattern) ? ' (white space is part of a pattern)' : '';
  const message = `no file of ${formatModelId(id)} matches the pattern ${onOneLine(pattern)}${note}`;
  return { code: 'pattern-unmatched', message };
}

/** Makes one warning for all collisions. */
function collisionWarning(collisions: readonly Collision[]): PlanWarning {
  const examples = collisions.slice(0, 3).map((pair) => pair.map(shownPath).join(' and '));
  const more = collisions.length > examples.length ? [`and ${collisions.length - examples.length} more`] : [];
  const shown = [...examples, ...more].join(', ');
  return {
    code: 'name-collision',
    message: `names that differ only in case or Unicode form: ${shown}; macOS and Windows keep one of each`,
  };
}

/** The whole main job: resolve, plan, push the layers, publish the image. */
export async function push(request: PushRequest, outer: World): Promise<PushResult> {
  let cost = NO_COST;
  const meter = createTransferMeter();
  const world: World = {
    ...outer,
    onEvent(event) {
      if (event.type === 'layer-cost') cost = addCost(cost, event);
      meter.observe(event);
      outer.onEvent(event);
    },
  };
  const plan = await planImage(request, world);
  const { model, layers, tags, imageReference } = plan;
  await world.target.prepare(world.signal);
  const { look, seen: seenTags } = await lookAtPlannedTags(plan, request, world);
  const { id, commit } = model;
  const { endpoint, target, prefix, tarLayout, patterns, force } = request;
  const job = { endpoint, model: formatModelId(id), commit, target, prefix, tarLayout, patterns };
  const records = await world.journal.open(job);
  if (force) await records.forgetImage();
  const { workers, continueOnError } = request;
  const descriptors = await pushLayers({ layers, workers, continueOnError }, world, async (layer, signal) => {
    const recorded = force ? undefined : records.recordedLayer(layer);
    const session = force || isSmall(layer) ? undefined : records.recordedSession(layer);
    const layerJob = { model: { id, commit }, layer, tarLayout, recorded, session };
    let noted = Promise.resolve();
    const sessions = {
      onSession(open: UploadSession | undefined) {
        noted = records.recordSession(layer, open);
      },
      isSessionKept: () => records.isSessionKept(layer),
    };
    try {
      const descriptor = await (world.pushLayer ?? pushLayer)(
        layerJob,
        { ...world, signal },
        records.keepsSessions && !isSmall(layer) ? sessions : {},
      );
      const written = records.recordLayer(layer, descriptor);
      if (!isSmall(layer)) await written;
      return descriptor;
    } finally {
      await noted;
    }
  }).finally(() => records.flush());
  const image = buildImage(descriptors);
  const movedTags = await publishImage(image, { tags: seenTags, look, workers }, world);
  const { digest } = image.manifest.descriptor;
  await records.recordImage(digest, tags);
  return {
    manifestDigest: digest,
    imageReference,
    imageReferenceDigest: world.target.formatReference({ digest }),
    commit,
    transfer: meter.transfer,
    movedTags,
    cost,
  };
}
