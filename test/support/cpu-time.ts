/** The milliseconds of processor time that `work` takes: those of the clock on the wall depend on who else is at work. */
export function cpuMs(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
