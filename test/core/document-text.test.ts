import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { joinDocument, splitDocument } from '../../src/core/document-text.ts';
import { memberText, skipValue } from '../../src/core/json-text.ts';

const MANAGED = [
  '_id',
  '_rev',
  '_deleted',
  '_revisions',
  '_attachments',
  '_conflicts',
  '_deleted_conflicts',
  '_revs_info',
  '_local_seq',
];

/** What `splitDocument` is to find, by parsing. */
function bodyByParsing(text: string): unknown {
  const document = JSON.parse(text) as Record<string, unknown>;
  return Object.fromEntries(Object.entries(document).filter(([name]) => !MANAGED.includes(name)));
}

const anyName = fc.oneof(
  fc.string(),
  fc.constantFrom(...MANAGED, '_other', '\\u005fid', '"_id":', '__proto__', '1', '01'),
);

describe('splitDocument', () => {
  test('agrees with JSON.parse on any document, in any layout', () => {
    const members = fc.array(fc.tuple(anyName, fc.jsonValue({ maxDepth: 3 })), { maxLength: 8 });
    fc.assert(
      fc.property(members, fc.constantFrom('', ' ', '\n\t'), fc.boolean(), (pairs, blank, withHead) => {
        const head = withHead ? ['"_id":"a\\"b"', '"_rev":"1-x"'] : [];
        const rest = pairs.map(
          ([name, value]) => `${blank}${JSON.stringify(name)}${blank}:${blank}${JSON.stringify(value)}${blank}`,
        );
        const text = `{${[...head, ...rest].join(',')}${blank}}`;
        const { body, attachments } = splitDocument(text);
        // Duplicates stay duplicates; the last one counts, before and after.
        expect(JSON.parse(body)).toEqual(bodyByParsing(text));
        const expected = (JSON.parse(text) as Record<string, unknown>)['_attachments'];
        expect(attachments === undefined ? undefined : JSON.parse(attachments)).toEqual(expected);
      }),
    );
  });

  test('leaves the text of what remains untouched', () => {
    const text =
      '{"_id":"a","_rev":"1-x","n":1152921504606846976123,"d":1.0,"e":100.0,"s":"\\u0000é","_revisions":{"start":1,"ids":["x"]}}';
    expect(splitDocument(text).body).toBe('{"n":1152921504606846976123,"d":1.0,"e":100.0,"s":"\\u0000é"}');
  });

  test('keeps what only looks managed: deeper members, and unknown names with an underscore', () => {
    const text = '{"_id":"a","_rev":"1-x","inner":{"_rev":"2-y","_revisions":{}},"_attributes":7}';
    expect(splitDocument(text).body).toBe('{"inner":{"_rev":"2-y","_revisions":{}},"_attributes":7}');
  });

  test('finds managed members also where their names are written with escapes', () => {
    expect(splitDocument('{"_id":"a","_rev":"1-x","\\u005fdeleted":true,"a":1}').body).toBe('{"a":1}');
  });

  test('finds a value however deep it is', () => {
    const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
    expect(splitDocument(`{"_id":"a","_rev":"1-x","_x":1,"deep":${deep}}`).body).toBe(`{"_x":1,"deep":${deep}}`);
    expect(skipValue(deep, 0)).toBe(deep.length);
  });
});

describe('joinDocument', () => {
  test('gives the members in the order in which CouchDB shows them', () => {
    const text = joinDocument('{"a":1}', {
      id: 'x"y',
      rev: '2-b',
      deleted: true,
      meta: [['_revisions', '{"start":2,"ids":["b","a"]}']],
      attachments: '{"f":{"stub":true}}',
    });
    expect(text).toBe(
      '{"_id":"x\\"y","_rev":"2-b","a":1,"_deleted":true,"_revisions":{"start":2,"ids":["b","a"]},"_attachments":{"f":{"stub":true}}}',
    );
  });

  test('undoes splitDocument', () => {
    const text = '{"_id":"a","_rev":"1-x","n":12345678901234567890,"_attachments":{"f":{"stub":true}}}';
    const { body, attachments } = splitDocument(text);
    expect(joinDocument(body, { id: 'a', rev: '1-x', attachments })).toBe(text);
    expect(joinDocument('{}', { id: 'a', rev: '1-x' })).toBe('{"_id":"a","_rev":"1-x"}');
  });
});

describe('memberText', () => {
  test('takes the last of a name that stands twice, as JSON.parse does', () => {
    expect(memberText('{"a":1,"b":2,"a":3}', 0, 'a')).toBe('3');
    expect(memberText('{"a":1}', 0, 'b')).toBeUndefined();
  });
});
