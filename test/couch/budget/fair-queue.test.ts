import { describe, expect, test } from 'vitest';
import { FairQueue } from '../../../src/couch/budget/fair-queue.ts';

const [one, other, third] = [{}, {}, {}];

function drain<T>(queue: FairQueue<T>): T[] {
  const values: T[] = [];
  for (let value = queue.next(); value !== undefined; value = queue.next()) values.push(value);
  return values;
}

describe('FairQueue', () => {
  test('gives each owner a turn before any has a second one, and keeps each owner’s order', () => {
    const queue = new FairQueue<string>();
    for (const value of ['a1', 'a2', 'a3', 'a4']) queue.add(one, value);
    queue.add(other, 'b1');
    for (const value of ['c1', 'c2']) queue.add(third, value);
    expect(queue.size).toBe(7);
    expect(drain(queue)).toEqual(['a1', 'b1', 'c1', 'a2', 'c2', 'a3', 'a4']);
    expect(queue.size).toBe(0);
  });

  test('puts who has had his turn behind all others', () => {
    const queue = new FairQueue<string>();
    queue.add(one, 'a1');
    queue.add(other, 'b1');
    expect(queue.next()).toBe('a1');
    queue.add(one, 'a2');
    expect(drain(queue)).toEqual(['b1', 'a2']);
  });

  test('lets go of what does not wait any longer', () => {
    const queue = new FairQueue<string>();
    for (const value of ['a1', 'a2']) queue.add(one, value);
    queue.add(other, 'b1');
    queue.remove(one, 'a1');
    queue.remove(one, 'a1');
    queue.remove(third, 'c1');
    queue.remove(other, 'b1');
    expect(queue.size).toBe(1);
    expect(drain(queue)).toEqual(['a2']);
  });
});
