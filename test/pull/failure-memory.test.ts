import { expect, test } from 'vitest';
import { FailureMemory } from '../../src/pull/failure-memory.ts';
import { revision } from '../support/revision.ts';

const nothing = { written: 0, rejected: [] };

test('remembers what failed and what was rejected, and how often', () => {
  const memory = new FailureMemory();
  const failures = [{ id: 'a', rev: '1-a', reason: 'It is gone' }];
  const rejected = [{ id: 'b', rev: '1-b', reason: 'It is too large' }];
  memory.note({ revisions: [revision('b', 'b')], failures }, { written: 0, rejected });
  expect(memory.failures).toEqual([
    { id: 'a', rev: '1-a', reason: 'It is gone', attempts: 1 },
    { id: 'b', rev: '1-b', reason: 'It is too large', attempts: 1 },
  ]);
  memory.note({ revisions: [revision('b', 'b')] }, { written: 0, rejected });
  memory.note({ revisions: [], failures: [{ id: 'a', rev: '1-a', reason: 'It is still gone' }] }, nothing);
  expect(memory.failures).toEqual([
    { id: 'a', rev: '1-a', reason: 'It is still gone', attempts: 2 },
    { id: 'b', rev: '1-b', reason: 'It is too large', attempts: 2 },
  ]);
});

test('forgets what has arrived, as a leaf or as history, and what is given up', () => {
  const memory = new FailureMemory();
  const failed = (id: string, rev: string) => ({ id, rev, reason: 'It is gone' });
  const failures = [failed('a', '1-a'), failed('a', '2-b'), failed('a', '2-x'), failed('b', '1-a'), failed('c', '1-c')];
  memory.note({ revisions: [revision('d', 'b a')], failures: [...failures, failed('d', '1-a')] }, nothing);
  memory.note({ revisions: [revision('a', 'c b a')], forget: [{ id: 'c', rev: '1-c' }] }, { written: 1, rejected: [] });
  expect(memory.failures.map(({ id, rev }) => [id, rev])).toEqual([
    ['a', '2-x'],
    ['b', '1-a'],
  ]);
});
