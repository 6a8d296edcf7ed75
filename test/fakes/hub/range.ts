/** Half-open: `end` is the first byte not wanted. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export type RangeRequest =
  | { readonly kind: 'whole' }
  | { readonly kind: 'unsatisfiable' }
  | { readonly kind: 'part'; readonly range: ByteRange };

/** RFC 9110 section 14.2: a Range that cannot be understood is ignored, one past the end is refused. */
export function readRange(header: string | undefined, size: number): RangeRequest {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '');
  const [first, last] = [match?.[1] ?? '', match?.[2] ?? ''];
  if (first === '' && last === '') return { kind: 'whole' };
  if (first === '') return part(Math.max(0, size - Number(last)), size);
  const end = last === '' ? size : Number(last) + 1;
  if (end <= Number(first)) return last === '' ? { kind: 'unsatisfiable' } : { kind: 'whole' };
  return Number(first) < size ? part(Number(first), Math.min(end, size)) : { kind: 'unsatisfiable' };
}

function part(start: number, end: number): RangeRequest {
  return end > start ? { kind: 'part', range: { start, end } } : { kind: 'unsatisfiable' };
}
