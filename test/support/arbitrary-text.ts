import fc from 'fast-check';

/** Text as Node reads a header: any character of Latin-1, control characters too. */
export function latin1(maxLength: number): fc.Arbitrary<string> {
  return fc.array(fc.nat(0xff), { maxLength }).map((codes) => String.fromCharCode(...codes));
}

/** Any text that JSON can bring, halves of characters included. */
export function anyText(maxLength: number): fc.Arbitrary<string> {
  const unit = fc.oneof(fc.nat(0x7f), fc.nat(0xffff));
  return fc.array(unit, { maxLength }).map((codes) => String.fromCharCode(...codes));
}

/** Pieces in any order: text that looks like what a parser reads, and is not. */
export function jumble(pieces: readonly string[], maxLength: number): fc.Arbitrary<string> {
  return fc.array(fc.constantFrom(...pieces), { maxLength }).map((some) => some.join(''));
}

/** What stands in JSON where something else was due. */
export const oddJson: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom(null, '', {}, [], -1, 0, 1e308, '\r\n', '__proto__'),
  fc.jsonValue({ maxDepth: 2 }),
);

/** A body that holds `value`, or text that is no JSON. */
export function asBody(value: fc.Arbitrary<unknown>): fc.Arbitrary<string> {
  return fc.oneof(
    value.map((some) => JSON.stringify(some) ?? ''),
    anyText(20),
  );
}
