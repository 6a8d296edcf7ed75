import { describe, expect, test } from 'vitest';
import { cpuMs } from '../../test/support/cpu-time.ts';
import { presentable } from './presentable.ts';
import { createRedaction } from './redaction.ts';
import type { HttpRequest } from './transport.ts';

const PASSWORD = 'Tr0ub4dor&3 <"grün"> 100%/\\';
const ACCOUNT = Buffer.from(`ada:${PASSWORD}`).toString('base64');
const TOKEN = 'kQ7.eyJhbGciOi-Jub25lIn0_sig.zW3';

/** The redaction of a transport that has sent this request. */
function knowing(request: Partial<HttpRequest>): (text: string) => string {
  const redaction = createRedaction();
  redaction.note({ url: 'https://r.test/v2/', ...request });
  return redaction.redact;
}

const withAccount = knowing({ headers: { authorization: `Basic ${ACCOUNT}` } });
const withToken = knowing({ headers: { authorization: `Bearer ${TOKEN}` } });

const percent = (text: string) =>
  [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
const units = (text: string) =>
  [...text].map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');
const entities = (text: string) =>
  text.replace(
    /[<>"&]/g,
    (sign) => ({ '<': '&lt;', '>': '&gt;', '"': '&#34;', '&': '&#x26;' })[sign] ?? sign,
  );
const base64 = (text: string) => Buffer.from(text).toString('base64');

const SPELLINGS: readonly (readonly [name: string, spelt: (text: string) => string])[] = [
  ['as it is', (text) => text],
  ['with every byte percent-encoded', percent],
  ['percent-encoded where a URL needs it', encodeURIComponent],
  ['percent-encoded twice', (text) => encodeURIComponent(encodeURIComponent(text))],
  ['as a form has it', (text) => new URLSearchParams({ x: text }).toString().slice(2)],
  ['as a JSON string', (text) => JSON.stringify(text).slice(1, -1)],
  ['as JSON in JSON', (text) => JSON.stringify(JSON.stringify(text)).slice(3, -3)],
  ['as JSON of ASCII alone', units],
  ['as HTML', entities],
  ['escaped for Markdown', (text) => text.replace(/[!-/:-@[-`{-~]/g, '\\$&')],
  ['in capitals', (text) => text.toUpperCase()],
  ['in base64', base64],
  ['in base64 with something before it', (text) => base64(`a:${text}`)],
  ['in base64 with more before it', (text) => base64(`ab:${text}`)],
  ['in base64url', (text) => Buffer.from(text).toString('base64url')],
  ['in base64 in a URL', (text) => encodeURIComponent(base64(text))],
  ['as a header of UTF-8 reads', (text) => Buffer.from(text).toString('latin1')],
];

/** Parts of the secrets, which no output may contain. */
const CORES = ['Tr0ub4dor', 'grün', 'eyJhbGci', 'Jub25lIn0'];

describe.each(SPELLINGS)('a server that repeats a secret %s shows', (_, spelt) => {
  test.each([
    ['no password', withAccount, PASSWORD],
    ['no account', withAccount, `ada:${PASSWORD}`],
    ['no Basic authorization', withAccount, ACCOUNT],
    ['no token', withToken, TOKEN],
  ])('%s', (__, redact, secret) => {
    const shown = redact(`denied: [${spelt(secret)}] by policy`);
    expect(shown).toContain('…');
    expect(shown).toMatch(/^denied: .* by policy$/);
    for (const core of [...CORES, ACCOUNT]) {
      expect(shown).not.toContain(core);
      expect(shown).not.toContain(spelt(core));
    }
  });
});

test('a password that begins with letters beyond ASCII is found in base64', () => {
  const password = 'Überaus grün-7';
  const redact = knowing({ headers: { authorization: `Basic ${base64(`ada:${password}`)}` } });
  expect(redact(`no ${base64(`a:${password}`)} here`)).toBe('no … here');
});

describe('redaction removes', () => {
  test.each<[what: string, request: Partial<HttpRequest>, said: string, shown: string]>([
    [
      'the account of a proxy',
      { headers: { 'proxy-authorization': `Basic ${ACCOUNT}` } },
      `sent ${ACCOUNT}`,
      'sent …',
    ],
    [
      'each cookie, but not its name',
      { headers: { cookie: 'LB=node-07-of-zone-b; SID=81.22.b7' } },
      'no node-07-of-zone-b for SID=81.22.b7',
      'no … for SID=…',
    ],
    ['a short cookie with its name alone', { headers: { cookie: 'on=yes; id=7' } }, 'yes: id=7', 'yes: …'],
    [
      'an identity token of a form',
      {
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: Buffer.from('grant_type=refresh_token&refresh_token=ide%2Fntity%3Dtok&service=registry'),
      },
      'bad refresh_token ide/ntity=tok, ide%2Fntity%3Dtok for registry',
      'bad refresh_token …, … for registry',
    ],
    [
      'what a query has that only the server knows',
      { url: 'https://r.test/up?_state=c2Vzc2lvbg%3D%3D&digest=sha256:abcdefgh' },
      'state c2Vzc2lvbg== of sha256:abcdefgh',
      'state … of sha256:abcdefgh',
    ],
    [
      'the name of an upload session',
      { secrets: ['8845-bb%2Fcc'] },
      'no 8845-bb/cc, 8845-bb%2fcc',
      'no …, …',
    ],
  ])('%s', (_, request, said, shown) => {
    expect(knowing(request)(said)).toBe(shown);
  });

  test('a secret of two letters only as a separate word, so that no other word changes', () => {
    const redact = knowing({ headers: { authorization: `Basic ${base64('ada:is')}` } });
    expect(redact('this is his: ada:is')).toBe('this … his: ada:…');
    expect(redact(base64('ada:is'))).toBe('…');
  });

  test('the beginning of a secret that the server has cut', () => {
    expect(withToken(`token ${TOKEN.slice(0, 14)}... is over`)).toBe('token … is over');
    expect(withToken(base64(`Bearer ${TOKEN}`).slice(0, 32))).toBe('…');
  });

  test('what was sent before to another server: a redirect or a realm may repeat it', () => {
    const redaction = createRedaction();
    redaction.note({ url: 'https://r.test/', headers: { authorization: `Bearer ${TOKEN}` } });
    redaction.note({ url: `https://other.test/${TOKEN}` });
    expect(redaction.redact(`GET https://other.test/${TOKEN}`)).toBe('GET https://other.test/…');
  });

  test('a token that every request carries, however many others came since', () => {
    const redaction = createRedaction();
    const headers = { authorization: `Bearer ${TOKEN}` };
    for (let part = 0; part < 5_000; part += 1) {
      redaction.note({ url: `https://r.test/up?_state=number-${part}`, headers });
    }
    expect(redaction.redact(`${TOKEN} number-4999`)).toBe('… …');
  });
});

test('no text is cut in the middle of a secret', () => {
  for (let before = 16_000; before < 16_400; before += 1) {
    expect(withAccount('x '.repeat(before / 2) + PASSWORD)).not.toMatch(/T(r(0(u|$)|$)|$)/);
  }
  for (let before = 270; before < 300; before += 1) {
    expect(presentable('x'.repeat(before) + PASSWORD, { redact: withAccount })).not.toContain('Tr');
  }
});

test('of a text that is only the secret, nothing is left', () => {
  expect(withToken(`${TOKEN} `.repeat(5_000)).replace(/[… ]+/g, '')).toBe('');
});

test.each(['%25', '\\u005c', '&amp;', '\\', 'YWRh', 'ada:', ' ', 'kQ7.', '…'])(
  'a text of nothing but %j is read in no time',
  (piece) => {
    const redaction = createRedaction();
    for (let part = 0; part < 400; part += 1)
      redaction.note({ url: `https://r.test/?a=${'kQ7.'.repeat(50)}${part}` });
    const spent = cpuMs(() => redaction.redact(piece.repeat(65_536 / piece.length)));
    expect(spent).toBeLessThan(1_000);
  },
);
