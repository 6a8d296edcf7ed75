// Loaded into the command's process before the command (see run-cli.ts): says at the end what it has cost.
import { readFileSync, writeSync } from 'node:fs';

const REPORT_TO = 3;

process.on('exit', () => {
  writeSync(REPORT_TO, JSON.stringify(process.platform === 'linux' ? fromProc() : fromRusage()));
});

// ru_maxrss is no measure on Linux: it begins with what the parent had at the fork, and the parent is a test runner.
function fromProc() {
  const peak = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'));
  const io = readFileSync('/proc/self/io', 'utf8');
  const written = /^write_bytes: (\d+)$/m.exec(io);
  const read = /^rchar: (\d+)$/m.exec(io);
  return { maxRssKb: Number(peak[1]), diskBytesWritten: Number(written[1]), bytesRead: Number(read[1]) };
}

function fromRusage() {
  return { maxRssKb: process.resourceUsage().maxRSS };
}
