import { describe, expect, test } from 'vitest';
import { parseChangesRow } from '../../../src/couch/feed/changes-row.ts';
import { formatSequence, parseSequence } from '../../../src/couch/feed/sequence.ts';
import { parseRevisionsRow } from '../../../src/couch/revisions/revisions-row.ts';

describe('parseSequence', () => {
  test.each([
    ['"5-g1AAAA"', '5-g1AAAA', '5-g1AAAA'],
    ['7', 7, '7'],
    ['[12,"g1AAA"]', [12, 'g1AAA'], '[12,"g1AAA"]'],
    ['12345678901234567890', '12345678901234567890', '12345678901234567890'],
  ])('%s goes back to the server as it came', (json, sequence, since) => {
    const parsed = parseSequence(json);
    expect(parsed).toEqual(sequence);
    expect(formatSequence(parsed ?? '')).toBe(since);
  });

  test('knows a sequence that was left out, and refuses what is none', () => {
    expect(parseSequence('null')).toBeNull();
    for (const json of ['true', '{}', 'x'])
      expect(() => parseSequence(json)).toThrow(expect.objectContaining({ name: 'ProtocolError' }));
  });
});

describe('parseChangesRow', () => {
  test('reads a row with its document, the document also as text', () => {
    const row = parseChangesRow(
      '{"seq":"1-a","id":"x","changes":[{"rev":"1-b"}],"deleted":true,"doc":{"_id":"x","n":12345678901234567890}}',
    );
    expect(row).toEqual({
      type: 'row',
      seq: '1-a',
      id: 'x',
      changes: [{ rev: '1-b' }],
      deleted: true,
      doc: { _id: 'x', n: 12345678901234567000 },
      docText: '{"_id":"x","n":12345678901234567890}',
    });
  });

  test('keeps the digits of a large sequence', () => {
    expect(parseChangesRow('{"id":"x","seq":9007199254740993,"changes":[]}').seq).toBe('9007199254740993');
  });

  test.each(['{"seq":null,"id":"x","changes":[]}', '{"id":"x","changes":[],"doc":null}'])(
    'reads %s, which lacks things',
    (text) => {
      expect(parseChangesRow(text)).toEqual({ type: 'row', seq: null, id: 'x', changes: [], deleted: false });
    },
  );

  test.each([
    '{"id":5,"changes":[]}',
    '{"id":"x"}',
    '{"id":"x","changes":[{"rev":5}]}',
    '{"id":"x","changes":[null]}',
    '[1]',
    'null',
    '{"error":"timeout"}',
    '{"id":',
  ])('refuses %s', (text) => {
    expect(() => parseChangesRow(text)).toThrow(expect.objectContaining({ name: 'ProtocolError' }));
  });
});

describe('parseRevisionsRow', () => {
  const ok = '{"_id":"x","_rev":"2-b","_revisions":{"start":2,"ids":["b","a"]},"n":1.0}';

  test('reads revisions with their text as it came', () => {
    expect(
      parseRevisionsRow(`{"id":"x","docs":[{"ok":${ok}}, {"ok":${ok.replace('"n":1.0', '"_deleted":true')}}]}`),
    ).toEqual({
      id: 'x',
      results: [
        { id: 'x', rev: '2-b', revisions: { start: 2, ids: ['b', 'a'] }, deleted: false, text: ok },
        expect.objectContaining({ rev: '2-b', deleted: true }),
      ],
    });
  });

  test.each([
    ['{"missing":"1-a"}', { id: 'x', rev: '1-a', missing: true }],
    ['{"error":{"id":"x","rev":"1-a","error":"not_found","reason":"missing"}}', { id: 'x', rev: '1-a', missing: true }],
    [
      '{"error":{"id":"x","rev":"undefined","error":"not_found","reason":"missing"}}',
      { id: 'x', rev: undefined, missing: true },
    ],
    ['{}', { id: 'x', rev: undefined, missing: true }],
    [
      '{"error":{"rev":null,"error":"bad_request","reason":"Invalid rev"}}',
      { id: 'x', error: { error: 'bad_request', reason: 'Invalid rev' } },
    ],
    ['{"error":"forbidden","reason":"no"}', { id: 'x', error: { error: 'forbidden', reason: 'no' } }],
    ['"text"', { id: 'x', error: { error: 'not_json' } }],
    [
      '{"ok":{"_id":"y","_rev":"1-a","_revisions":{"start":1,"ids":["a"]}}}',
      { rev: '1-a', error: { error: 'wrong_document' } },
    ],
    ['{"ok":{"_id":"x","_revisions":{"start":1,"ids":["a"]}}}', { error: { error: 'no_revision' } }],
    ['{"ok":{"_id":"x","_rev":"1-a"}}', { rev: '1-a', error: { error: 'bad_revisions' } }],
    [
      '{"ok":{"_id":"x","_rev":"1-a","_revisions":{"start":2,"ids":["a"]}}}',
      { rev: '1-a', error: { error: 'bad_revisions' } },
    ],
    [
      '{"ok":{"_id":"x","_rev":"1-a","_revisions":{"start":1,"ids":["a","b","c"]}}}',
      { rev: '1-a', error: { error: 'bad_revisions' } },
    ],
    [
      '{"ok":{"_id":"x","_rev":"1-a","_revisions":{"start":1,"ids":["a",7]}}}',
      { rev: '1-a', error: { error: 'bad_revisions' } },
    ],
    [
      '{"ok":{"_id":"x","_rev":"1-a","_revisions":{"start":1e300,"ids":["a"]}}}',
      { rev: '1-a', error: { error: 'bad_revisions' } },
    ],
  ])('makes a result of %s', (text, result) => {
    expect(parseRevisionsRow(`{"id":"x","docs":[${text}]}`).results).toMatchObject([result]);
  });

  test.each(['{"id":"x"}', '{"docs":[]}', '{"id":7,"docs":[]}', '{"id":"x","docs":{}}', 'x'])(
    'refuses the row %s',
    (text) => {
      expect(() => parseRevisionsRow(text)).toThrow(expect.objectContaining({ name: 'ProtocolError' }));
    },
  );
});
