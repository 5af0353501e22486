import { describe, expect, test } from 'vitest';
import { isThere, leftOutLine, leftOutLines } from './left-out.ts';

describe('isThere', () => {
  test('starts the runtime to see', async () => {
    expect(await isThere('node')).toBe(true);
    expect(await isThere('no-such-runtime')).toBe(false);
  });
});

describe('leftOutLines', () => {
  test('finds what leftOutLine says, in colours too, and at the beginning of a line only', () => {
    const line = leftOutLine('the suite', 'deno');
    const output = `stdout | a.test.ts\n\u001b[22m\u001b[39m${line}\nnot ${line}\n\nleft out: disk: nothing to mount\n`;
    expect(leftOutLines(output)).toEqual([line, 'left out: disk: nothing to mount']);
  });
});
