import { describe, expect, test } from 'vitest';
import { parseAttachmentStub, parseAttachmentStubs, withoutContents } from '../../src/core/attachment-stub.ts';
import { isProtocolError } from '../../src/core/errors.ts';

const described = { content_type: 'image/png', revpos: 2, digest: 'md5-x', length: 12, stub: true };

describe('Attachments', () => {
  test('come in the order of the text, whatever their names', () => {
    const names = ['b', '2', '10', '1', '__proto__', 'ü "q"/\u2028', 'a'];
    const text = `{${names.map((name) => `${JSON.stringify(name)}: ${JSON.stringify(described)}`).join(' , ')}}`;
    expect(parseAttachmentStubs(text).map(({ name }) => name)).toEqual(names);
    expect(parseAttachmentStubs('{}')).toEqual([]);
  });

  test('tell how they are kept', () => {
    const text = JSON.stringify({ a: { ...described, encoding: 'gzip', encoded_length: 8, follows: true } });
    expect(parseAttachmentStubs(text)).toEqual([
      {
        name: 'a',
        contentType: 'image/png',
        revpos: 2,
        digest: 'md5-x',
        length: 12,
        encoding: 'gzip',
        encodedLength: 8,
        follows: true,
      },
    ]);
  });

  test('need no generation', () => {
    const { revpos: _, ...rest } = described;
    expect(parseAttachmentStub('a', rest)).toEqual({
      name: 'a',
      contentType: 'image/png',
      digest: 'md5-x',
      length: 12,
      follows: false,
    });
  });

  test.each([
    ['nothing', null],
    ['a text', 'stub'],
    ['no type', { ...described, content_type: undefined }],
    ['no digest', { ...described, digest: 7 }],
    ['no length', { ...described, length: undefined }],
    ['a negative length', { ...described, length: -1 }],
    ['a length that cannot be counted to', { ...described, length: 2 ** 53 }],
  ])('are refused with %s', (_, value) => {
    let error: unknown;
    try {
      parseAttachmentStub('a.png', value);
    } catch (thrown) {
      error = thrown;
    }
    expect(isProtocolError(error) && !error.retryable && error.message).toContain('"a.png"');
  });
});

describe('The text without contents', () => {
  test('has stubs where content follows, and every other byte as it was', () => {
    const text =
      '{ "follows":{"digest":"md5-\\"follows\\":true","n":1.50,"follows":true , "x":1}, "b":{"stub":true},"c":3}';
    expect(withoutContents(text)).toBe(
      '{ "follows":{"digest":"md5-\\"follows\\":true","n":1.50,"stub":true , "x":1}, "b":{"stub":true},"c":3}',
    );
  });
});
