// The compiler writes plain files; a command that npm has linked to must stay one after a rebuild.
import { chmodSync } from 'node:fs';

for (const file of process.argv.slice(2)) chmodSync(file, 0o755);
