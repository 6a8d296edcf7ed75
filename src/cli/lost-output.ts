/** Output that nobody wants is not lost; output that the disk did not take is, and a script must not go on with it. */
export function guardOutput(): void {
  // A reader of our output that is gone is no reason to leave a push half done.
  process.stderr.on('error', () => undefined);
  let lost: Error | undefined;
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'EIO') lost ??= error;
  });
  process.once('exit', () => {
    if (lost === undefined) return;
    process.stderr.write(`error: cannot write to stdout: ${lost.message} (UNAVAILABLE)\n`);
    process.exitCode ||= 75; // EXIT_CODES.UNAVAILABLE; help must not load that module
  });
}
