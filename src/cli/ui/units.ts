export { formatDuration } from '../../index.ts';

/** 0 to 100, rounded down: 100 is said when all is there. What is empty is complete. */
export function percentOf(part: number, whole: number): number {
  return whole === 0 ? 100 : Math.floor((Math.min(part, whole) / whole) * 100);
}

/** `1 layer`, `2 layers`. */
export function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`;
}
