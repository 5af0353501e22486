import { describe, expect, test } from 'vitest';
import { RequestSize } from '../../src/pull/request-size.ts';

describe('RequestSize', () => {
  test('asks for many small documents and few large ones', () => {
    expect(new RequestSize().entries).toBe(500);
    expect(new RequestSize(1000).entries).toBe(500);
    expect(new RequestSize(100_000).entries).toBe(20);
    expect(new RequestSize(100_000_000).entries).toBe(1);
  });

  test('follows growing documents at once, and shrinking ones step by step', () => {
    const size = new RequestSize(1000);
    size.learn(500, 500 * 200_000);
    expect(size.entries).toBe(10);
    size.learn(10, 10 * 1000);
    expect(size.entries).toBeGreaterThan(10);
    expect(size.entries).toBeLessThan(20);
    for (let request = 0; request < 30; request += 1) size.learn(10, 10 * 1000);
    expect(size.entries).toBe(500);
  });

  test('asks for half after a failure, and for more again as requests succeed', () => {
    const size = new RequestSize(10);
    size.fail(500);
    expect(size.entries).toBe(250);
    size.fail(3);
    expect(size.entries).toBe(1);
    size.fail(1);
    expect(size.entries).toBe(1);
    const sizes = Array.from({ length: 40 }, () => {
      size.learn(1, 10);
      return size.entries;
    });
    expect(sizes[0]).toBe(2);
    expect(sizes.at(-1)).toBe(500);
  });

  test('learns nothing from an answer without revisions', () => {
    const size = new RequestSize(100_000);
    size.learn(0, 0);
    expect(size.entries).toBe(20);
  });
});
