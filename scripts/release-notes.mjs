// Prints what CHANGELOG.md says of a release, and refuses a tag that is not the one to release now:
// node scripts/release-notes.mjs v1.2.3
import { readFileSync } from 'node:fs';

const [tag = ''] = process.argv.slice(2);
const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
if (!/^\d+\.\d+\.\d+$/.test(version)) refuse(`package.json has ${version}; only plain versions are released`);
if (tag !== `v${version}`) refuse(`the tag is ${tag}, but package.json has ${version}`);

const [, ...sections] = readFileSync('CHANGELOG.md', 'utf8').split(/^## /m);
const section = sections.find((text) => text.split('\n', 1)[0] === version);
if (section === undefined) refuse(`CHANGELOG.md has no heading "## ${version}"`);
const notes = section.slice(version.length).trim();
if (notes === '') refuse(`CHANGELOG.md says nothing below "## ${version}"`);
process.stdout.write(`${notes}\n`);

function refuse(reason) {
  process.stderr.write(`release-notes: ${reason}\n`);
  process.exit(1);
}
