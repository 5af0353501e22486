import { describe, expect, test } from 'vitest';
import * as errors from '../../src/core/errors.ts';

const { CouchError, CouchtideError, NetworkError } = errors;

const samples = {
  CouchtideError: new CouchtideError('x'),
  InputError: new errors.InputError('x'),
  CouchError: new CouchError('x', { status: 503, error: 'e', reason: 'r', retryable: true, request: 'GET /' }),
  NetworkError: new NetworkError('x', 'cut'),
  ProtocolError: new errors.ProtocolError('x', false),
  StoreError: new errors.StoreError('x', 'full'),
  LimitError: new errors.LimitError('keyBytes', 1, 2),
  ContentionError: new errors.ContentionError('x'),
  ClosedError: new errors.ClosedError('x'),
  PluginError: new errors.PluginError('x', { plugin: 'p' }),
  DispatchError: new errors.DispatchError('x', [new errors.PluginError('y', { plugin: 'p' })]),
};

describe('errors', () => {
  test.each(Object.entries(samples))('%s carries its name and is known to its guard alone', (name, error) => {
    expect(error.name).toBe(name);
    expect(error).toBeInstanceOf(CouchtideError);
    expect(errors.isCouchtideError(error)).toBe(true);
    for (const other of Object.keys(samples)) {
      const guard = (errors as Record<string, unknown>)[`is${other}`] as (value: unknown) => boolean;
      expect(guard(error)).toBe(other === name || other === 'CouchtideError');
    }
  });

  test('are known by their guards also when another copy of the package made them', () => {
    const foreign = Object.assign(new Error('x'), { name: 'NetworkError', failure: 'cut', retryable: true });
    expect(errors.isNetworkError(foreign)).toBe(true);
    expect(errors.isCouchtideError(foreign)).toBe(true);
    expect(errors.isRetryable(foreign)).toBe(true);
  });

  test.each([undefined, null, 'NetworkError', 7, {}, { name: 'NetworkError' }, new TypeError('x')])(
    '%s is none of them',
    (value) => {
      expect(errors.isCouchtideError(value)).toBe(false);
      expect(errors.isNetworkError(value)).toBe(false);
      expect(errors.isRetryable(value)).toBe(false);
    },
  );

  test('say whether another try may help', () => {
    expect(errors.isRetryable(samples.CouchError)).toBe(true);
    expect(errors.isRetryable(samples.ProtocolError)).toBe(false);
    expect(errors.isRetryable(samples.ContentionError)).toBe(true);
    expect(errors.isRetryable(samples.ClosedError)).toBe(false);
  });

  test.each([
    ['busy', true],
    ['full', false],
    ['read-only', false],
    ['corrupt', false],
    ['missing', false],
    ['failed', false],
  ] as const)('a store that is %s: another try may help: %s', (failure, helps) => {
    expect(errors.isRetryable(new errors.StoreError('x', failure))).toBe(helps);
  });
});
