import { describe, expect, test } from 'vitest';
import { find } from '../../../src/scan/find/find.ts';
import { findInDoc } from './driver.ts';

const AWS = 'AKIAIOSFODNN7EXAMPLE';

describe.each([
  ['text', { aws: 'AKIA[0-9A-Z]{16}' }],
  ['a RegExp', { aws: /AKIA[0-9A-Z]{16}/ }],
])('find with a pattern given as %s', (_, patterns) => {
  test('tells the places of keys and texts, however deep', async () => {
    const doc = { _id: 'a', k: AWS, l: ['x', `a ${AWS} b`, { [AWS]: 1, '/~': { d: AWS } }] };
    expect(await findInDoc(find(patterns), doc)).toEqual([
      { tag: 'aws', where: '/k' },
      { tag: 'aws', where: '/l/1' },
      { tag: 'aws', where: `/l/2/${AWS}`, at: 'key' },
      { tag: 'aws', where: '/l/2/~1~0/d' },
    ]);
  });
});
