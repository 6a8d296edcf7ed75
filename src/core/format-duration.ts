/** `42s`, `3m20s`, `2h05m`, `1d03h`: at most seven columns below a hundred days. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m${two(seconds % 60)}s`;
  const hours = Math.floor(seconds / 3600);
  if (hours < 24) return `${hours}h${two((seconds % 3600) / 60)}m`;
  return `${Math.floor(hours / 24)}d${two(hours % 24)}h`;
}
