import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createDigest } from '../../src/core/digest.ts';

test('A digest is CouchDB’s of whatever comes, in whatever pieces, each a view of a larger buffer', async () => {
  const bytes = fc.uint8Array({ maxLength: 300 });
  await fc.assert(
    fc.asyncProperty(fc.array(bytes, { maxLength: 8 }), fc.nat({ max: 9 }), async (pieces, offset) => {
      const digest = await createDigest();
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

test('A digest takes its bytes when they are given, and no notice of what becomes of them', async () => {
  const digest = await createDigest();
  const bytes = new TextEncoder().encode('abc');
  digest.update(bytes);
  bytes.fill(0);
  // The test suite of RFC 1321, appendix A.5: 900150983cd24fb0d6963f7d28e17f72.
  expect(digest.finish()).toBe('md5-kAFQmDzST7DWlj99KOF/cg==');
});
