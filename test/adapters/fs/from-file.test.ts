import { rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { filter, firstValueFrom } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { fromFile } from '../../../adapters/fs/from-file.ts';
import { createRegistry } from '../../../src/registry/create-registry.ts';
import { defineData } from '../../../src/registry/data/data-key.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const rules = defineData<string, number>('rules');
const file = async (): Promise<string> => join(await temporaryDirectory(), 'rules.json');

describe('fromFile', () => {
  test.each([
    ['{"a":1,"b":2}', { a: 1, ab: undefined }],
    ['[["a",1],["b",2]]', { a: 1, ab: undefined }],
    ['[["a",3,{"prefix":true}]]', { a: 3, ab: 3 }],
  ])('reads %s, by a path or a url', async (text, found) => {
    const path = await file();
    await writeFile(path, text);
    for (const place of [path, pathToFileURL(path)]) {
      const registry = createRegistry();
      registry.contribute(rules, fromFile<string, number>(place), { source: 's' });
      const view = await registry.ready(rules);
      expect({ a: view.value('s', 'a'), ab: view.value('s', 'ab') }).toEqual(found);
    }
  });

  test('reads texts of other kinds as it is told', async () => {
    const path = await file();
    await writeFile(path, 'a 1 # one\nb 2');
    const parse = (text: string) =>
      text.split('\n').map((line) => {
        const [key = '', value] = line.split(' ');
        return [key, Number(value)] as const;
      });
    const registry = createRegistry();
    const own = registry.contribute(rules, fromFile(path, { parse }));
    await own.reload();
    await writeFile(path, 'a 1\nb 2 # comments are no change');
    await own.reload();
    expect(registry.view(rules)).toMatchObject({ version: 1, stale: [] });
    expect(registry.view(rules).keys()).toEqual(['a', 'b']);
  });

  test('notices another content while somebody listens; a file that was only touched is none', async () => {
    const path = await file();
    await writeFile(path, '{"a":1}');
    const registry = createRegistry();
    registry.contribute(rules, fromFile(path, { every: 5 }), { source: 's' });
    const has = (value: number) =>
      firstValueFrom(registry.data$(rules).pipe(filter((view) => view.value('s', 'a') === value)));
    expect(await has(1)).toMatchObject({ version: 1 });
    await utimes(path, 1, 1);
    await writeFile(path, '{ "a": 1 }');
    await registry.reload(rules);
    expect(registry.view(rules).version).toBe(1);
    const changed = has(2);
    await writeFile(`${path}.new`, '{"a":2}');
    await writeFile(path, '{"a":2}');
    expect((await changed).value('s', 'a')).toBe(2);
  });

  test('keeps what it said while it is missing or broken, and says why', async () => {
    const path = await file();
    await writeFile(path, '{"a":1}');
    const registry = createRegistry();
    const own = registry.contribute(rules, fromFile(path, { maxBytes: 100 }), { source: 's' });
    await own.reload();
    const attempts: [() => Promise<void>, RegExp][] = [
      [() => writeFile(path, '{"a":'), /rules\.json" cannot be understood: It is not JSON: /],
      [() => writeFile(path, '1'), /cannot be understood: It must be a JSON object of entries/],
      [() => writeFile(path, '[1]'), /An entry must be \[key, value\]/],
      [() => writeFile(path, ' '.repeat(101)), /has 101 bytes, at most 100 are read: see maxBytes/],
      [() => rm(path), /no such file/],
    ];
    for (const [spoil, message] of attempts) {
      await spoil();
      await expect(own.reload()).rejects.toThrow(message);
      expect(registry.view(rules)).toMatchObject({ version: 1, stale: ['s'] });
      expect(registry.view(rules).value('s', 'a')).toBe(1);
    }
    await writeFile(path, '{"a":2}');
    await own.reload();
    expect(registry.view(rules)).toMatchObject({ version: 2, stale: [] });
  });
});
