import { ModelcarError } from '../error.ts';
import { formatModelId, type ModelId, type Sibling } from '../model.ts';
import { type Evidence, HEAD_BYTES } from './evidence.ts';
import { fileKind } from './file-kind.ts';
import { ignoreOption } from './ignore-patterns.ts';
import { hasWeights } from './no-weights.ts';
import { bySize, onOneLine, withRows } from './sized-list.ts';

/** Whether the name says that a file is a pickle. `look`: its first bytes decide. */
export function pickleByName({ path, size }: Pick<Sibling, 'path' | 'size'>): 'pickle' | 'look' | 'no' {
  if (size === 0) return 'no';
  switch (fileKind(path)) {
    case 'pickle':
      return 'pickle';
    // May be weights in an unusual place, such as a lone training_args.bin.
    case 'training':
    case 'other':
      return 'look';
    // Extensions that any program may use for what it pickles.
    case 'tokenizer':
      return /\.(?:vocab|codes|merges|dict)$/i.test(path) ? 'look' : 'no';
    // Known as a zip, but of what?
    case 'data':
      return ZIP_NAME.test(path) ? 'look' : 'no';
    default:
      return 'no';
  }
}

/** Files that are pickles or may be: without its first bytes, an ambiguous file is not safe. */
export function pickles(siblings: readonly Sibling[], { heads }: Evidence): readonly Sibling[] {
  return siblings.filter((sibling) => {
    const named = pickleByName(sibling);
    if (named !== 'look') return named === 'pickle';
    const head = heads.get(sibling.path);
    if (head === undefined) return true;
    return ZIP_NAME.test(sibling.path) ? PICKLED_MEMBER.test(firstMember(head)) : startsAsPickle(head);
  });
}

const ZIP_NAME = /\.zip$/i;
/** What TorchScript, `torch.save` and Stable-Baselines3 (`data`) put first into a zip. */
const PICKLED_MEMBER = /(?:^|\/)data$|\.(?:pkl|pickle|pt|pth)$/;

/** The name of the first file in a zip, as far as the head shows it; empty if the head is of something else. */
function firstMember(head: Uint8Array): string {
  if (!text(head).startsWith(ZIP_MAGIC)) return '';
  const [low = 0, high = 0] = head.subarray(26);
  return text(head.subarray(30, 30 + low + 256 * high));
}

const ZIP_MAGIC = 'PK\x03\x04';

function text(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes.subarray(0, HEAD_BYTES));
}

/**
 * Whether first bytes are those of a pickle, or of the zip that `torch.save` writes. Another zip under an ambiguous
 * name counts too, because the head does not show all that is in it; only `.npz` shows by its first member. A pickle can
 * be made to look like something else, so this finds what publishers wrote, not what an attacker hid.
 */
export function startsAsPickle(head: Uint8Array): boolean {
  const [first = 0, protocol = 0, opcode = 0] = head;
  // Check the opcode too, or a raw file that begins with the number 640 or 896 would count.
  if (first === 0x80 && protocol >= 2 && protocol <= 5 && opcode >= 0x28 && opcode <= 0x98) return true;
  const start = text(head);
  if (start.startsWith(ZIP_MAGIC)) return !firstMember(head).endsWith('.npy');
  return TEXT_PICKLE.test(start) || TORCH_TAR.test(start);
}

/** Protocol 0 has no magic: Python 2 began a dict, a list, or a well-known object like this. */
const TEXT_PICKLE =
  /^(?:\([dl]p\d+\n|c(?:__builtin__|builtins|copy_reg|collections|numpy[\w.]*|torch[\w.]*)\n\w)/;
/** Torch before 0.1.10 wrote a tar with these members. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: a NUL ends the name of a member
const TORCH_TAR = /^(?:\.\/)?(?:sys_info|pickle|storages|tensors)\x00/;

/** The error that names pickles, and both ways out, or the only one where the pickles are all the weights. */
export function needsPickles(
  id: ModelId,
  found: readonly Sibling[],
  { siblings, kept }: { readonly siblings: readonly Sibling[]; readonly kept: readonly Sibling[] },
  { heads }: Evidence,
): ModelcarError {
  const rows = bySize(found).map(({ path, size }) => {
    const unread = pickleByName({ path, size }) === 'look' && !heads.has(path);
    return {
      size,
      text: onOneLine(path) + (unread ? '  (may be a pickle: the push did not read its first bytes)' : ''),
    };
  });
  const pickled = new Set(found);
  const otherwise = hasWeights(kept.filter((sibling) => !pickled.has(sibling)))
    ? `otherwise leave these files out: ${ignoreOption(found, siblings)}`
    : 'without these files the image would have no weights.';
  const first = `${formatModelId(id)} needs pickles, and loading a pickle can run code:`;
  return new ModelcarError('USAGE', withRows(first, rows, ROWS), {
    hint: `If you trust the publisher, add ${KEEP_PICKLES}; ${otherwise}`,
  });
}

export const KEEP_PICKLES = '--pickles keep';
const ROWS = 40;
