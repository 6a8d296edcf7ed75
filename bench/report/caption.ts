import type { Results } from '../results.ts';

/** Without this no figure means anything. */
export function caption({ date, commit, machine }: Results): string {
  const memory = `${(machine.memoryBytes / 2 ** 30).toFixed(0)} GiB`;
  const { cores, cpu, system, node } = machine;
  return `${cores} × ${cpu} for clients and servers together, ${memory}, ${system}, Node ${node}; ${date}, commit ${commit}`;
}
