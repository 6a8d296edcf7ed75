/**
 * Columns that a terminal gives to `text`: two for what East Asian Width calls wide and for emoji, none for what
 * combines. `text` has no control characters (see `printable`).
 *
 * @see https://www.unicode.org/reports/tr11/
 */
export function displayWidth(text: string): number {
  if (ASCII.test(text)) return text.length;
  return clusters(text).reduce((sum, cluster) => sum + clusterWidth(cluster), 0);
}

/** `text` in at most `width` columns: a long name loses its middle, as its two ends tell it from its siblings. */
export function cutMiddle(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  if (width <= 0) return '';
  const parts = clusters(text);
  const tail = fitting([...parts].reverse(), Math.floor((width - 1) / 2)).reverse();
  const head = fitting(parts, width - 1 - displayWidth(tail.join('')));
  return `${head.join('')}…${tail.join('')}`;
}

/** `text` in exactly `width` columns, cut or followed by spaces. */
export function fitted(text: string, width: number): string {
  const cut = cutMiddle(text, width);
  return cut + ' '.repeat(Math.max(0, width - displayWidth(cut)));
}

/** Nearly every name; drawn ten times a second. */
const ASCII = /^[ -~]*$/;

const segmenter: Intl.Segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** What a person sees as one character. */
function clusters(text: string): readonly string[] {
  if (ASCII.test(text)) return text.split('');
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

function fitting(parts: readonly string[], width: number): string[] {
  let used = 0;
  const end = parts.findIndex((part) => {
    used += clusterWidth(part);
    return used > width;
  });
  return parts.slice(0, end === -1 ? parts.length : end);
}

function clusterWidth(cluster: string): number {
  // VS16 asks for the picture of a character that is text by itself.
  if (/\p{Emoji_Presentation}|\ufe0f/u.test(cluster)) return 2;
  if (/^[\p{Mn}\p{Me}\p{Cf}]*$/u.test(cluster)) return 0;
  const codePoint = cluster.codePointAt(0) ?? 0;
  return WIDE.some(([first, last]) => codePoint >= first && codePoint <= last) ? 2 : 1;
}

/** W and F of EastAsianWidth.txt in whole blocks, without the emoji, which have a property of their own. */
const WIDE: readonly (readonly [first: number, last: number])[] = [
  [0x1100, 0x115f],
  [0x2329, 0x232a],
  [0x2e80, 0x303e],
  [0x3041, 0x4dbf],
  [0x4e00, 0xa4cf],
  [0xa960, 0xa97f],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe10, 0xfe19],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x16fe0, 0x18aff],
  [0x1b000, 0x1b2ff],
  [0x20000, 0x3fffd],
];
