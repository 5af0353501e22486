import { afterEach, describe, expect, test, vi } from 'vitest';
import { loadSqlite } from '../../../adapters/fs/node-sqlite.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

describe('loading SQLite', () => {
  test('keeps its warning from users, and no warning after it', () => {
    const emitWarning = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    vi.spyOn(process, 'getBuiltinModule').mockImplementation(() => {
      process.emitWarning('SQLite is an experimental feature', 'ExperimentalWarning');
      return { DatabaseSync: class {} };
    });
    loadSqlite();
    expect(emitWarning).not.toHaveBeenCalled();
    process.emitWarning('Mind the gap');
    expect(emitWarning).toHaveBeenCalledExactlyOnceWith('Mind the gap');
  });

  test.each([undefined, {}])('says so where there is none (%s)', (loaded) => {
    const { emitWarning } = process;
    vi.spyOn(process, 'getBuiltinModule').mockImplementation(() => loaded);
    expect(loadSqlite).toThrow(expect.objectContaining({ name: 'StoreError', failure: 'failed' }));
    expect(process.emitWarning).toBe(emitWarning);
  });
});
