import { describe, expect, test } from 'vitest';
import { CA_CERTIFICATE, KEY, SELF_SIGNED_CERTIFICATE } from '../../test/support/test-certificate.ts';
import { parseCaCertificates } from './ca-certificates.ts';

test('a CA file has its certificates between comments, whatever ends its lines', () => {
  const text = `# ours\n${CA_CERTIFICATE}\n# theirs\n${SELF_SIGNED_CERTIFICATE}`.replaceAll('\n', '\r\n');
  const withoutReturns = parseCaCertificates(text, 'ca.pem').map((certificate) =>
    certificate.replaceAll('\r', ''),
  );
  expect(withoutReturns).toEqual([CA_CERTIFICATE, SELF_SIGNED_CERTIFICATE]);
});

describe('a text that is no CA file', () => {
  test.each([
    ['is empty', '', 'there is no PEM certificate in it'],
    ['is not PEM', '\u0030\u0082\u0001', 'there is no PEM certificate in it'],
    ['is a key', KEY, 'there is no PEM certificate in it'],
    ['is cut short', CA_CERTIFICATE.slice(0, -30), 'there is no PEM certificate in it'],
    [
      'has a broken certificate',
      `${CA_CERTIFICATE}\n${CA_CERTIFICATE.replace('MII', 'AAA')}`,
      'certificate 2 of 2 cannot be read',
    ],
  ])('because it %s is a usage error', (_, text, said) => {
    const message = `cannot use ca.pem: ${said}`;
    expect(() => parseCaCertificates(text, 'ca.pem')).toThrow(
      expect.objectContaining({ code: 'USAGE', message }),
    );
  });
});
