import { describe, expect, test } from 'vitest';
import { createRegistry } from '../../../src/registry/create-registry.ts';
import { constant } from '../../../src/registry/sources/constant.ts';
import type { Finding } from '../../../src/scan/events.ts';
import { find } from '../../../src/scan/find/find.ts';
import type { FindOptions } from '../../../src/scan/find/find-options.ts';
import { findRules } from '../../../src/scan/find/rule.ts';
import type { FindPatterns } from '../../../src/scan/find/tagged-rules.ts';
import { isSplittable } from '../../../src/scan/jobs/plan.ts';
import { findInDoc } from './driver.ts';

const DOC = { _id: '1', v: 'abc' };

/** What is scanned again with patterns after it was scanned with others: its tags, and the tags of kept findings that are gone. */
async function rescan(
  before: FindPatterns,
  now: FindPatterns,
  options: readonly [FindOptions, FindOptions] = [{}, {}],
) {
  const plugin = find(now, options[1]);
  const stored: unknown = JSON.parse(JSON.stringify(find(before, options[0]).configuration));
  const again = plugin.since?.(stored as Record<string, unknown>);
  const isStale = (tag: string) =>
    plugin.isStale?.({ type: 'finding', plugin: 'find', db: 'db', tag } satisfies Finding);
  const stale = ['a', 'b', 'c'].filter((tag) => isStale(tag));
  if (again === undefined || again === 'nothing') return { again, stale };
  return { again: (await findInDoc(again, DOC)).map(({ tag }) => tag), stale };
}

describe('find after a scan with other patterns', () => {
  test('finds nothing again where nothing has changed', async () => {
    expect(await rescan({ a: 'a', b: /b/i }, { b: /b/i, a: 'a' })).toEqual({ again: 'nothing', stale: ['c'] });
  });

  test('finds what is new', async () => {
    expect(await rescan({ a: 'a' }, { a: 'a', b: 'b', c: /c/ })).toEqual({ again: ['b', 'c'], stale: [] });
  });

  test('finds nothing again where tags are gone, whose findings are stale', async () => {
    expect(await rescan({ a: 'a', b: 'b' }, { a: 'a' })).toEqual({ again: 'nothing', stale: ['b', 'c'] });
  });

  test.each([
    ['text', 'b', '[b]'],
    ['engine', 'b', /b/],
    ['flags', /b/, /b/i],
    ['rule', 'b', { pattern: 'b', allow: ['x'] }],
    ['pattern of what is allowed', { pattern: 'b', allow: [/x/] }, { pattern: 'b', allow: [/y/] }],
  ])('finds again what has another %s, and its findings are stale', async (_, before, now) => {
    expect(await rescan({ a: 'a', b: before }, { a: 'a', b: now })).toEqual({ again: ['b'], stale: ['b', 'c'] });
  });

  test.each<readonly [FindOptions, FindOptions]>([
    [{}, { numbers: true }],
    [{ context: 3 }, { context: 4 }],
    [{ losers: true }, {}],
    [{}, { fingerprintKey: 'mine' }],
  ])('finds everything again when %j becomes %j (D27)', async (...options) => {
    expect(await rescan({ a: 'a' }, { a: 'a' }, options)).toMatchObject({ again: undefined });
  });

  test('takes an option that is not there for one that is false', async () => {
    expect(await rescan({ a: 'a' }, { a: 'a' }, [{ numbers: false }, {}])).toMatchObject({ again: 'nothing' });
  });

  test('finds everything again after what was no configuration of its own', () => {
    expect(find({ a: 'a' }).since?.({ regexes: { a: 'a' } })).toBeUndefined();
  });

  test('keeps keys and patterns out of its configuration', () => {
    const { configuration } = find({ a: 'my-pattern' }, { fingerprintKey: 'my-key' });
    expect(JSON.stringify(configuration)).not.toMatch(/my-/);
  });

  test('can be split among workers', () => {
    expect(isSplittable(find({ a: 'a' }))).toBe(true);
  });

  test('starts over when the rules change while it runs', async () => {
    const registry = createRegistry();
    registry.contribute(findRules, constant({ a: { pattern: 'a' } }), { source: 'one' });
    const plugin = find({ registry });
    const context = {
      scan: 's',
      plugin: 'find',
      found() {},
      report() {},
      async write() {},
      signal: new AbortController().signal,
    };
    const answer = await plugin.start(context, undefined);
    if (!('state' in answer)) throw new Error('It did not start');
    expect(await plugin.checkpoint?.(answer.state, context)).toBeUndefined();
    registry.contribute(findRules, constant({ b: { pattern: 'b' } }), { source: 'two' });
    expect(await plugin.checkpoint?.(answer.state, context)).toEqual({ go: 'reset' });
  });
});
