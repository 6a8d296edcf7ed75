const UNITS = [
  [1e12, 'TB'],
  [1e9, 'GB'],
  [1e6, 'MB'],
  [1e3, 'kB'],
] as const;

/** Bytes in decimal units, as the Hub shows them. */
export function formatSize(bytes: number): string {
  const [unit, name] = UNITS.find(([size]) => bytes >= size) ?? [1, 'B'];
  if (unit === 1) return `${Math.round(bytes)} B`;
  const value = bytes / unit;
  return `${value.toFixed(value < 10 ? 2 : 1)} ${name}`;
}
