import { describe, expect, test } from 'vitest';
import type { DatabaseInfo } from '../../../src/couch/database.ts';
import type { Sequence } from '../../../src/couch/feed/sequence.ts';
import { fateOf, goesBack, type SourceFate } from '../../../src/pull/source/identity.ts';

function infoOf(updateSeq: Sequence, instanceStartTime?: string): DatabaseInfo {
  const info = { name: 'db', docCount: 0, docDelCount: 0, updateSeq };
  return instanceStartTime === undefined ? info : { ...info, instanceStartTime };
}

describe('A source that was read up to', () => {
  test.each<[seq: Sequence, created: string | undefined, now: Sequence, start: string | undefined, SourceFate]>([
    ['10-x', '1686442464', '10-y', '1686442464', 'same'],
    ['10-x', '1686442464', '12-y', '1686442464', 'same'],
    ['10-x', '1686442464', '12-y', '1686442465', 'recreated'],
    ['10-x', '1686442464', '9-y', '1686442464', 'rewound'],
    ['9-x', undefined, '10-y', '1686442464', 'same'],
    ['99-x', undefined, '100-y', '0', 'same'],
    ['100-x', undefined, '99-y', '0', 'rewound'],
    ['100-x', '1686442464', '100-y', '0', 'same'],
    ['100-x', '1686442464', '100-y', undefined, 'same'],
    // The start of a process is not the creation of a database.
    [10, '1795264419312', 10, '1795264999999', 'same'],
    [10, '1795264419312', 9, '1795264419312', 'rewound'],
    ['9007199254740993', undefined, '9007199254740999', undefined, 'same'],
    ['9007199254740993', undefined, 12, undefined, 'rewound'],
    [[10, 'x'], undefined, [10, 'y'], undefined, 'same'],
    [[10, 'x'], undefined, [2, 'y'], undefined, 'rewound'],
    // Another server has taken the place of the first.
    [10, undefined, '200-y', '1686442464', 'recreated'],
    ['10-x', undefined, 200, undefined, 'recreated'],
    ['garbage', undefined, '10-x', undefined, 'recreated'],
    // Nothing can be said of what is not known.
    ['opaque', undefined, 'also opaque', undefined, 'same'],
  ])('%j, made at %s, and now is at %j, made at %s, is %s', (seq, created, now, start, fate) => {
    expect(fateOf({ seq, created }, infoOf(now, start))).toBe(fate);
  });
});

test.each<[Sequence, Sequence, boolean]>([
  ['10-x', '9-x', true],
  ['9-x', '10-x', false],
  ['10-x', '10-y', false],
  [10, 9, true],
  ['now', '9-x', false],
  ['10-x', '', false],
  ['10x', '9x', false],
])('From %j to %j goes back: %s', (from, to, back) => {
  expect(goesBack(from, to)).toBe(back);
});
