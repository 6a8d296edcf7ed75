import { expect, test } from 'vitest';
import { nextPage } from './next-page.ts';

const URL_ = 'https://r.test/v2/a/b/tags/list?n=1000';
const NEXT = 'https://r.test/v2/a/b/tags/list?last=v9&n=1000';

test.each([
  ['relative', '</v2/a/b/tags/list?last=v9&n=1000>; rel="next"'],
  ['relative to the list', '<list?last=v9&n=1000>; rel="next"'],
  ['a query alone', '<?last=v9&n=1000>; rel="next"'],
  ['absolute', '<https://r.test/v2/a/b/tags/list?last=v9&n=1000>; rel="next"'],
  ['with the http of a registry behind TLS', '<http://r.test/v2/a/b/tags/list?last=v9&n=1000>; rel="next"'],
  ['with another host', '<https://evil.test/v2/a/b/tags/list?last=v9&n=1000>; rel="next"'],
  ['without quotes', '</v2/a/b/tags/list?last=v9&n=1000>; rel=next'],
  [
    'after other links',
    '</first?a=1,2>; rel="first", </v2/a/b/tags/list?last=v9&n=1000>;title="x";rel="next"',
  ],
  ['among other relations', '</v2/a/b/tags/list?last=v9&n=1000>; rel="last next"'],
])('a link that is %s leads to the next page at the same origin', (_, link) => {
  expect(nextPage(URL_, link)).toBe(NEXT);
});

test.each([undefined, '', '</x>; rel="prev"', '</x>', 'nonsense', '<http://[>; rel="next"'])(
  'after %s there is no next page',
  (link) => {
    expect(nextPage(URL_, link)).toBeUndefined();
  },
);
