import { expect, test } from 'vitest';
import { readIfMatch, revisionTag } from '../../../../src/platform/http/if-match.ts';

test('without the header there is no precondition', () => {
  expect(readIfMatch(undefined)).toBeUndefined();
});

test.each(['"3"', ' "3" ', '"1", "3"', '"1","3","4"', '*', 'W/"1", "3"', revisionTag(3)])('%s holds at revision 3', (header) => {
  expect(readIfMatch(header)?.(3)).toBe(true);
});

test.each(['"2"', 'W/"3"', '"03"', '"3!"', '""', '"three"'])('%s does not', (header) => {
  expect(readIfMatch(header)?.(3)).toBe(false);
});

test.each(['', '3', '"3', '3"', '"3" "4"', '"a b"', 'w/"3"', '"3",', '*, "3"', '"\u0000"'])('%j is no list of entity tags', (header) => {
  expect(() => readIfMatch(header)).toThrow(expect.objectContaining({ code: 'request.invalid' }));
});
