import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Digest } from '../../src/core/digest.ts';

test('A digest is CouchDB’s of whatever comes, in whatever pieces, each a view of a larger buffer', () => {
  const bytes = fc.uint8Array({ maxLength: 300 });
  fc.assert(
    fc.property(fc.array(bytes, { maxLength: 8 }), fc.nat({ max: 9 }), (pieces, offset) => {
      const digest = new Digest();
      for (const piece of pieces) {
        const buffer = new Uint8Array(piece.length + offset + 3).fill(7);
        buffer.set(piece, offset);
        digest.update(buffer.subarray(offset, offset + piece.length));
      }
      const expected = createHash('md5').update(Buffer.concat(pieces)).digest('base64');
      expect(digest.finish()).toBe(`md5-${expected}`);
    }),
  );
});

test('A digest takes its bytes when they are given, and no notice of what becomes of them', () => {
  const digest = new Digest();
  const bytes = new TextEncoder().encode('abc');
  digest.update(bytes);
  bytes.fill(0);
  // The test suite of RFC 1321, appendix A.5: 900150983cd24fb0d6963f7d28e17f72.
  expect(digest.finish()).toBe('md5-kAFQmDzST7DWlj99KOF/cg==');
});

test('A digest counts the bits of more bytes than fit 32 of them', () => {
  const digest = new Digest();
  const expected = createHash('md5');
  const piece = new Uint8Array(16 * 1024 * 1024).fill(7);
  for (let index = 0; index < 33; index += 1) {
    digest.update(piece);
    expected.update(piece);
  }
  expect(digest.finish()).toBe(`md5-${expected.digest('base64')}`);
});
