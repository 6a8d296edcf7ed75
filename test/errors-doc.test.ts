import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { BUG, EXIT_CODES } from '../src/cli/exit-code.ts';
import { explain } from '../src/cli/explain.ts';
import { type ErrorCode, ModelcarError, parseImageReference } from '../src/index.ts';
import { synthetic, text } from './fakes/hub/fake-hub.ts';
import { type LocalPush, localPush } from './support/local-push.ts';
import { failureOf } from './support/rejection.ts';
import { secret } from './support/secrets.ts';

/*
 * docs/errors.md is what the code does: a heading for each code, the exit codes of the command, and examples as they are
 * really printed.
 */

type Meeting = (local: LocalPush) => Promise<unknown>;

/** How to meet each error; one that is left out does not compile. */
const MEETINGS = {
  USAGE: async () => parseImageReference('acme/llama'),
  UNAUTHORIZED: ({ push }) => push('acme/open'),
  GATED: ({ push }) => push('acme/gated'),
  DISABLED: ({ push }) => push('acme/disabled'),
  NOT_FOUND: ({ push }) => push('acme/lama'),
  REVISION_NOT_FOUND: ({ push }) => push('acme/open', { revision: 'v9' }),
  CONTENT_MISMATCH: ({ hub, push }) => {
    hub.addFault({ on: 'cdn', kind: 'flip-byte', at: 100, times: 99 });
    return push('acme/open');
  },
  REJECTED: ({ registry, push }) => {
    const body = '{"errors":[{"code":"MANIFEST_INVALID","message":"too many layers"}]}';
    registry.addFault({ on: 'manifest-put', answer: { status: 400, body } });
    return push('acme/open');
  },
  UNSUPPORTED: ({ hub, push }) => {
    hub.addFault({ on: 'tree', kind: 'edit-json', edit: () => ({ pages: [] }) });
    return push('acme/open');
  },
  INCOMPLETE: ({ registry, push }) => {
    const body = '{"errors":[{"code":"DENIED","message":"you may not push here"}]}';
    registry.addFault({ on: 'upload-post', nth: 2, answer: { status: 403, body } });
    return push('acme/open', { continueOnError: true });
  },
  RATE_LIMITED: ({ hub, push }) => {
    hub.addFault({ kind: 'rate-limited', waitSeconds: 60, times: 99 });
    return push('acme/open', { hub: { retries: 0 } });
  },
  UNAVAILABLE: ({ registry, push }) => {
    registry.addFault({ on: 'upload-post', times: 99, answer: { status: 503, body: '' } });
    return push('acme/open', { registry: { retries: 0 } });
  },
  OFFLINE: ({ push }) => push('acme/open', { hub: { offline: true } }),
  CANCELLED: ({ push }) => {
    const reason = new ModelcarError('CANCELLED', 'stopped by SIGINT: nothing was tagged', {
      hint: 'Run the same command again.',
    });
    return push('acme/open', { signal: AbortSignal.abort(reason) });
  },
} satisfies Record<ErrorCode, Meeting>;

const exitCodes = new Map<string, number>(Object.entries(EXIT_CODES));
const document = await readFile('docs/errors.md', 'utf8');
const [top = '', ...sections] = document.split(/^## /m);

const headingOf = (section: string): string => section.slice(0, section.indexOf('\n'));
const sectionOf = (code: string): string => sections.find((section) => headingOf(section) === code) ?? '';

test('every code has one heading, and there is no heading without a code', () => {
  expect(sections.map(headingOf).sort()).toEqual(Object.keys(EXIT_CODES).sort());
});

test('the table has the exit codes of the command', () => {
  const rows = [...top.matchAll(/^\| (\d+) \| (.*?) \|/gm)];
  const told = rows.flatMap(([, exitCode, codes = '']) =>
    [...codes.matchAll(/\[`(\w+)`\]\(#(\w+)\)/g)].map(([, code = '', anchor = '']) => {
      expect(anchor).toBe(code.toLowerCase());
      return [code, Number(exitCode)] as const;
    }),
  );
  // The command adds to 128 the number of the signal, which the map of codes knows for SIGINT alone.
  expect(new Set(told)).toEqual(new Set([...exitCodes, ['CANCELLED', 128 + 15]]));
  expect(rows.map(([, exitCode]) => Number(exitCode)).slice(0, 2)).toEqual([0, BUG]);
});

test.each(Object.entries(MEETINGS))(
  '%s is explained with its exit code and as it is printed',
  async (code, meeting) => {
    const section = sectionOf(code);
    expect(section.replaceAll('\n', ' ')).toMatch(new RegExp(`[Ee]xit code ${exitCodes.get(code)}\\b`));
    expect(section).toMatch(/^- Usual causes: .*^- What to do: /ms);
    expect(/^```text\n(.*)\n```$/ms.exec(section)?.[1]).toBe(await meet(code, meeting));
  },
);

/** The error as the command prints it, at hosts that a reader knows, and without what differs in each run. */
async function meet(code: string, meeting: Meeting): Promise<string> {
  const files = { 'config.json': text('{}\n'), 'model.safetensors': synthetic({ size: 1000 }) };
  const repos = [
    { id: 'acme/open', files },
    { id: 'acme/gated', files, gated: 'manual' as const },
    { id: 'acme/disabled', files, disabled: true },
  ];
  const auth = { kind: 'basic', username: 'ada', password: secret('password') } as const;
  const local = await localPush({ repos }, code === 'UNAUTHORIZED' ? { auth } : {});
  const error = await failureOf(meeting(local));
  expect(error.code).toBe(code);
  return (
    explain(error)
      .join('\n')
      // The Hub that everybody knows needs no address.
      .replaceAll(` at ${local.hub.endpoint} (HF_ENDPOINT)`, '')
      .replaceAll(local.hub.endpoint, 'https://huggingface.co')
      .replaceAll(local.registry.host, 'ghcr.io')
      .replace(/ \(request [^)]*\)/, '')
      .replace(/(?<=\/tree\/)[0-9a-f]{40}/, '<commit>')
  );
}
