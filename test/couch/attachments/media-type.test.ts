import { expect, test } from 'vitest';
import { boundaryOf, parseMediaType } from '../../../src/couch/attachments/media-type.ts';

test.each([
  ['multipart/mixed; boundary="--6d"', '--6d'],
  ['multipart/related; boundary=--6d', '--6d'],
  ['Multipart/Related;BOUNDARY="a b"; type=x', 'a b'],
  ['multipart/related; type="text/x; boundary=no"; boundary=yes', 'yes'],
  ['multipart/related; boundary="a\\"b"', 'a"b'],
  ['multipart/mixed; boundary=first; boundary=second', 'first'],
  ['multipart/mixed', undefined],
  ['multipart/mixed; boundary', undefined],
  ['application/json; boundary=x', undefined],
  ['', undefined],
  [null, undefined],
])('The boundary of %s is %s', (header, boundary) => {
  expect(boundaryOf(header)).toBe(boundary);
});

test('A content type has a type and parameters', () => {
  const { type, parameters } = parseMediaType(' Application/JSON ; error="true"; charset=utf-8');
  expect(type).toBe('application/json');
  expect([...parameters]).toEqual([
    ['error', 'true'],
    ['charset', 'utf-8'],
  ]);
});
