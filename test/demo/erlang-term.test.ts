import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeTerm, encodeTerm, type Term } from '../../demo/server/erlang-term.ts';

describe('encodeTerm', () => {
  const no = { atom: 'false' };

  /** Revision ids that a CouchDB gave: the MD5 of `[Deleted, OldStart, OldRevision, Body, Attachments]`. */
  test.each<[string, Term, string]>([
    ['an empty document', [no, 0, 0, { tuple: [[]] }, []], '967a00dff5e02add41819138abb3284d'],
    ['{"a":1}', [no, 0, 0, { tuple: [[{ tuple: ['a', 1] }]] }, []], '23202479633c2b380f79507a776743d5'],
    ['{"v":1}', [no, 0, 0, { tuple: [[{ tuple: ['v', 1] }]] }, []], '7a7e4b29f3af401e69b6f86e4c26b727'],
    [
      'an update that adds an attachment',
      [
        no,
        1,
        Buffer.from('7a7e4b29f3af401e69b6f86e4c26b727', 'hex'),
        { tuple: [[{ tuple: ['v', 1] }]] },
        [{ tuple: ['one.txt', 'text/plain', Buffer.from('5NMF8DdQn92eA7GMtnXdcA==', 'base64')] }],
      ],
      'b8c34be631bd9eb71688c813161403c4',
    ],
  ])('gives the bytes that CouchDB digests for %s', (_, term, digest) => {
    expect(createHash('md5').update(encodeTerm(term)).digest('hex')).toBe(digest);
  });

  test.each<[string, Term, string]>([
    ['small integer', 255, '8361ff'],
    ['integer', 256, '836200000100'],
    ['negative integer', -1, '8362ffffffff'],
    ['big integer', 2 ** 31, '836e040000000080'],
    ['negative big integer', -(2n ** 64n), '836e0901000000000000000001'],
    ['float', { float: 1.5 }, '83463ff8000000000000'],
    ['binary', 'é', '836d00000002c3a9'],
    ['list of bytes', [1, 255], '836b000201ff'],
    ['list', [256], '836c0000000162000001006a'],
    ['empty list', [], '836a'],
    ['tuple', { tuple: [{ atom: 'ok' }] }, '8368016400026f6b'],
  ])('%s', (_, term, hex) => {
    expect(Buffer.from(encodeTerm(term)).toString('hex')).toBe(hex);
  });
});

describe('decodeTerm', () => {
  test('is the inverse of encodeTerm', () => {
    const { term } = fc.letrec<{ term: Term }>((tie) => ({
      term: fc.oneof(
        { maxDepth: 4 },
        fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }),
        fc.uint8Array({ maxLength: 20 }),
        fc.double().map((float) => ({ float })),
        fc.constantFrom('true', 'null').map((atom) => ({ atom })),
        fc.array(tie('term'), { maxLength: 5 }),
        fc.array(tie('term'), { maxLength: 5 }).map((tuple) => ({ tuple })),
      ),
    }));
    fc.assert(
      fc.property(term, (sent) => {
        expect(encodeTerm(decodeTerm(encodeTerm(sent)))).toEqual(encodeTerm(sent));
      }),
    );
  });

  test.each([
    ['nothing', ''],
    ['another version', '8261ff'],
    ['an unknown kind', '8301'],
    ['a forged length', '836cffffffff61'],
    ['bytes after the end', '836a6a'],
    ['an improper list', '836c0000000161016102'],
  ])('refuses %s', (_, hex) => {
    expect(() => decodeTerm(Buffer.from(hex, 'hex'))).toThrow(RangeError);
  });
});
