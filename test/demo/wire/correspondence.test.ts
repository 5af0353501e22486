import { describe, expect, test } from 'vitest';
import { Correspondence } from './correspondence.ts';
import { decodeSequence, describeSequence } from './sequence-text.ts';

/** The sequence of a CouchDB with two shards, and what the demo server has for it. */
const RECORDED =
  '42-g1AAAACveJzLYWBgYMpgTmEQS84vTc5ISTI2s7QwcTA0MtczAELDHJB8IkNS_f___7MymBOFcoEC7CaGyUmpSUk4dREyMI8FSDI0AKn_UHMlwOYmG6akmieb4tScBQB4ly17';
const EARLIER =
  '1-g1AAAACIeJzLYWBgYMpgTmEQS84vTc5ISTI2s7QwcTA0MtczAELDHJB8IkNS_f___7MymBMZc4EC7CaGyUmpSUk4dREyMI8FSDI0AKn_IHMTGbIAPfgj8g';

function served(number: number, first: [number, string], second: [number, string]): string {
  const shards = [
    ['00000000-7fffffff', ...first],
    ['80000000-ffffffff', ...second],
  ];
  return `${number}-g1AAAA${Buffer.from(JSON.stringify(shards)).toString('base64url')}`;
}

describe('decodeSequence', () => {
  test('reads sequences of CouchDB and of the demo server', () => {
    const expected = {
      number: 42,
      shards: [
        { from: '00000000', sequence: 18, uuid: '41cbebb' },
        { from: '80000000', sequence: 24, uuid: 'c1de7c5' },
      ],
    };
    expect(decodeSequence(RECORDED)).toEqual(expected);
    expect(decodeSequence(served(42, [18, '41cbebb'], [24, 'c1de7c5']))).toEqual(expected);
  });

  test('knows that nothing was read of a shard', () => {
    const decoded = decodeSequence(EARLIER);
    expect(decoded && describeSequence(decoded)).toBe('1-[00000000:1@41cbebb 80000000:0]');
  });

  test('does not take anything else for a sequence', () => {
    expect(decodeSequence('5')).toBeUndefined();
    expect(decodeSequence('g1AAAA')).toBeUndefined();
  });
});

describe('Correspondence', () => {
  /** Compares pairs of texts, one after the other; gives for each whether they are the same. */
  function compare(...pairs: (readonly [recorded: string, served: string])[]): boolean[] {
    const correspondence = new Correspondence();
    return pairs.map(
      ([recorded, answer]) => correspondence.translate(answer, recorded) === correspondence.canonical(recorded),
    );
  }

  const boundaryA = 'a'.repeat(32);
  const boundaryB = 'b'.repeat(32);

  test.each<[string, readonly [string, string][], boolean[]]>([
    ['the same text', [['a', 'a']], [true]],
    ['another text', [['a', 'b']], [false]],
    [
      'a boundary',
      [
        [
          `multipart/mixed; boundary="${boundaryA}"\n--${boundaryA}--`,
          `multipart/mixed; boundary="${boundaryB}"\n--${boundaryB}--`,
        ],
      ],
      [true],
    ],
    [
      'a boundary that the body does not keep to',
      [[`boundary="${boundaryA}"\n--${boundaryA}--`, `boundary="${boundaryB}"\n--${'c'.repeat(32)}--`]],
      [false],
    ],
    ['a boundary that is too short', [[`boundary="${boundaryA}"`, 'boundary="b"']], [false]],
    ['a revision', [[`"_rev":"1-${boundaryA}"`, `"_rev":"1-${boundaryB}"`]], [false]],
    [
      'a tag that stays the same',
      [
        ['ETag: "3J8VV1X1VBGSDNK4S0R9S1MOS"', 'ETag: "8BYJMY1PT8ZPINHLBXP1OK4Z"'],
        ['ETag: "3J8VV1X1VBGSDNK4S0R9S1MOS"', 'ETag: "8BYJMY1PT8ZPINHLBXP1OK4Z"'],
      ],
      [true, true],
    ],
    [
      'a tag that changes where the recorded one does not',
      [
        ['ETag: "3J8VV1X1VBGSDNK4S0R9S1MOS"', 'ETag: "8BYJMY1PT8ZPINHLBXP1OK4Z"'],
        ['ETag: "3J8VV1X1VBGSDNK4S0R9S1MOS"', 'ETag: "43N74NZDRQMDSH9RS4U6QNTRH"'],
      ],
      [true, false],
    ],
    [
      'a tag that stays where the recorded one changes',
      [
        ['ETag: "3J8VV1X1VBGSDNK4S0R9S1MOS"', 'ETag: "8BYJMY1PT8ZPINHLBXP1OK4Z"'],
        ['ETag: "43N74NZDRQMDSH9RS4U6QNTRH"', 'ETag: "8BYJMY1PT8ZPINHLBXP1OK4Z"'],
      ],
      [true, false],
    ],
    ['a tag of a revision', [['ETag: "1-abc"', 'ETag: "1-abd"']], [false]],
    ['how long it took', [['X-CouchDB-Body-Time: 0', 'X-CouchDB-Body-Time: 12']], [true]],
    ['the id of the request', [['X-Couch-Request-ID: b5f3c45ad7', 'X-Couch-Request-ID: 0123456789']], [true]],
    ['an id of the request that is none', [['X-Couch-Request-ID: b5f3c45ad7', 'X-Couch-Request-ID: 7']], [false]],
    [
      'sizes',
      [['"sizes":{"file":1,"external":2,"active":3}', '"sizes":{"file":100,"external":20,"active":30}']],
      [true],
    ],
    [
      'sizes that are missing',
      [['"sizes":{"file":1,"external":2,"active":3}', '"sizes":{"file":1,"active":3}']],
      [false],
    ],
    [
      'uuids',
      [[`{"uuids":["${boundaryA}","${boundaryB}"]}`, `{"uuids":["${'c'.repeat(32)}","${'d'.repeat(32)}"]}`]],
      [true],
    ],
    [
      'uuids that repeat',
      [[`{"uuids":["${boundaryA}","${boundaryB}"]}`, `{"uuids":["${boundaryA}","${boundaryA}"]}`]],
      [false],
    ],
    [
      'a bookmark compressed in another way',
      [
        [
          '"bookmark": "g1AAAAA4eJzLYWBgYMpgSmHgKy5JLCrJTq2MT8lPzkzJBYqzpBkYGILkOGBycNEsAJ7oDqs"',
          '"bookmark": "g1AAAAA4eJzLYWBgYMpgSmHgKy5JLCrJTq2MT8lPzkzJZWBgYEkzMDAEyXHA5OCiWQCe6A6r"',
        ],
      ],
      [true],
    ],
    ['a sequence', [[`"seq":"${RECORDED}"`, `"seq":"${served(42, [18, 'x'], [24, 'y'])}"`]], [true]],
    [
      'a sequence that covers other changes',
      [[`"seq":"${RECORDED}"`, `"seq":"${served(42, [19, 'x'], [23, 'y'])}"`]],
      [false],
    ],
    [
      'a sequence with another number',
      [[`"seq":"${RECORDED}"`, `"seq":"${served(43, [18, 'x'], [24, 'y'])}"`]],
      [false],
    ],
    [
      'a shard that is another one later',
      [
        [`"seq":"${RECORDED}"`, `"seq":"${served(42, [18, 'x'], [24, 'y'])}"`],
        [`"seq":"${EARLIER}"`, `"seq":"${served(1, [1, 'z'], [0, ''])}"`],
      ],
      [true, false],
    ],
  ])('%s', (_, pairs, expected) => {
    expect(compare(...pairs)).toEqual(expected);
  });

  test('requests hand back what the server under test made up', () => {
    const correspondence = new Correspondence();
    const sequence = served(42, [18, 'x'], [24, 'y']);
    correspondence.translate(
      `ETag: "8BYJMY1PT8ZPINHLBXP1OK4Z"\nSet-Cookie: AuthSession=servedcookie; Version=1\n${sequence}`,
      `ETag: "3J8VV1X1VBGSDNK4S0R9S1MOS"\nSet-Cookie: AuthSession=recordedcook; Version=1\n${RECORDED}`,
    );
    expect(correspondence.request(`/db/_changes?since=${RECORDED}&x`)).toBe(`/db/_changes?since=${sequence}&x`);
    expect(correspondence.request(`/db/_changes?since=%22${RECORDED}%22`)).toBe(`/db/_changes?since=%22${sequence}%22`);
    expect(correspondence.request(`/db/_changes?since=${EARLIER}`)).toBe(`/db/_changes?since=${EARLIER}`);
    expect(correspondence.request('If-None-Match: "3J8VV1X1VBGSDNK4S0R9S1MOS"')).toBe(
      'If-None-Match: "8BYJMY1PT8ZPINHLBXP1OK4Z"',
    );
    expect(correspondence.request('Cookie: AuthSession=recordedcook')).toBe('Cookie: AuthSession=servedcookie');
    expect(correspondence.request('Cookie: AuthSession=recordedAAAA')).toBe('Cookie: AuthSession=servedcoAAAA');
    expect(correspondence.request('Cookie: AuthSession=garbage')).toBe('Cookie: AuthSession=garbage');
  });
});
