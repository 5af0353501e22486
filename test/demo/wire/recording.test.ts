import { expect, test } from 'vitest';
import { AMENDED } from './exceptions.ts';
import { bodyOf, headerOf, readRecordings } from './recording.ts';

const exchanges = readRecordings();

test('the recordings have names of their own, and stand in the order of their dates', () => {
  const names = exchanges.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  const dates = exchanges
    .filter(({ name }) => !name.endsWith('.3.5.0') || !(name in AMENDED))
    .map(({ response }) => Date.parse(headerOf(response.headers, 'date') ?? ''));
  expect(dates).toEqual([...dates].sort((a, b) => a - b));
});

test('bodies are as long as they say', () => {
  const withLength = exchanges.filter(({ response }) => response.framing === 'length');
  expect(withLength.length).toBeGreaterThan(200);
  for (const { name, response } of withLength) {
    expect([name, String(bodyOf(response).length)]).toEqual([name, headerOf(response.headers, 'Content-Length')]);
  }
});
