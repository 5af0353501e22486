import { expect, test } from 'vitest';
import { isNetworkError, isRetryable } from '../../src/core/errors.ts';
import { loadPart } from '../../src/core/load-part.ts';

test('loadPart gives what has been loaded', async () => {
  expect(await loadPart(Promise.resolve({ answer: 42 }))).toEqual({ answer: 42 });
});

test('loadPart says of what cannot be loaded that another try may help', async () => {
  const cause = new TypeError('Failed to fetch dynamically imported module: http://localhost/upkeep.js');
  const error = await loadPart(Promise.reject(cause)).catch((thrown: unknown) => thrown);
  expect(isNetworkError(error) && error.failure).toBe('unreachable');
  expect(isRetryable(error)).toBe(true);
  expect(error).toMatchObject({ cause, message: expect.stringContaining('reload the page') });
});
