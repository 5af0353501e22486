import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { CouchServer } from '../../../demo/server/index.ts';
import type { JsonObject } from '../../../src/core/json-value.ts';
import { conflicts } from '../../../src/scan/plugins/conflicts.ts';
import { type TopConflict, topConflict, withTop } from '../../../src/scan/plugins/top-conflicts.ts';
import { startFixture } from '../fixture.ts';
import { begin, databaseCalled } from './begin.ts';
import { scanAll } from './scan-all.ts';

describe('conflicts', () => {
  let server: CouchServer;
  beforeEach(async () => {
    server = await startFixture();
  });
  afterEach(() => server.close());

  const replicate = (...docs: object[]) =>
    server.database('dbname3')?.bulkDocs(docs as { _id: string }[], { newEdits: false });
  const liveAndDead = [
    { _id: 'doc6', _rev: '2-x', _revisions: { start: 2, ids: ['x', 'z'] } },
    { _id: 'doc6', _rev: '2-d', _revisions: { start: 2, ids: ['d', 'z'] }, _deleted: true },
  ];

  test('tells losers, totals of a database, and those of all', async () => {
    const { findings, reports } = await scanAll(server, [conflicts()]);
    expect(findings).toEqual([
      {
        type: 'finding',
        plugin: 'conflicts',
        db: 'dbname3',
        id: 'doc5',
        rev: '2-y',
        conflicts: ['2-x'],
        deleted_conflicts: [],
      },
    ]);
    const tally = { documents: 1, conflicts: 1, deleted_conflicts: 0 };
    const sides = [
      { rev: '2-y', generation: 2, deleted: false },
      { rev: '2-x', generation: 2, deleted: false },
    ];
    expect(reports).toEqual([
      { type: 'report', plugin: 'conflicts', db: 'dbname3', ...tally },
      {
        type: 'report',
        plugin: 'conflicts',
        ...tally,
        databases: 1,
        top: [{ db: 'dbname3', id: 'doc5', count: 1, sides }],
      },
    ]);
  });

  test('D13: takes a document with one live leaf for none, and no winner for a loser, unless told to', async () => {
    replicate(...liveAndDead);
    const idsOf = async (options: Parameters<typeof conflicts>[0]) => {
      const { findings } = await scanAll(server, [conflicts(options)]);
      return findings.map(({ id, conflicts: live, deleted_conflicts: dead }) => [id, live, dead]).sort();
    };
    expect(await idsOf({})).toEqual([['doc5', ['2-x'], []]]);
    expect(await idsOf({ deleted: true })).toEqual([
      ['doc5', ['2-x'], []],
      ['doc6', [], ['2-d']],
    ]);
    expect(await idsOf({ compat: true })).toEqual([
      ['doc5', ['2-y', '2-x'], []],
      ['doc6', ['2-x'], ['2-d']],
    ]);
  });

  test('sees a document whose leaves are all tombstones, if these count', async () => {
    replicate(...liveAndDead, {
      _id: 'doc6',
      _rev: '3-e',
      _revisions: { start: 3, ids: ['e', 'x', 'z'] },
      _deleted: true,
    });
    const of = async (options: Parameters<typeof conflicts>[0]) =>
      (await scanAll(server, [conflicts(options)])).findings.filter(({ id }) => id === 'doc6');
    expect(await of({})).toEqual([]);
    expect(await of({ deleted: true })).toMatchObject([{ conflicts: [], deleted_conflicts: ['2-d'] }]);
    expect(await of({ compat: true })).toMatchObject([{ conflicts: [], deleted_conflicts: ['3-e', '2-d'] }]);
  });

  test('passes over documents with fewer than the minimum, and reads no bodies', async () => {
    const many = ['a', 'b', 'c', 'd'].map((hash) => ({ _id: 'many', _rev: `1-${hash}` }));
    replicate(...many);
    server.requests.reset();
    const { findings, summary } = await scanAll(server, [conflicts({ minimum: 3 })]);
    expect(findings.map(({ id }) => id)).toEqual(['many']);
    expect(summary).toMatchObject({ complete: true, bodies: 0 });
    expect(server.requests.count(undefined, /include_docs=true/)).toBe(0);
  });

  test.each([{ minimum: 0 }, { minimum: 1.5 }, { top: -1 }, { top: Number.NaN }])(
    'cannot be made with %j',
    (options) => {
      expect(() => conflicts(options)).toThrow(
        /^Option (minimum|top) of conflicts must be a whole number from [01] on, not /,
      );
    },
  );
});

describe('What conflicts keeps', () => {
  const plugin = conflicts();
  const leaves = [
    { rev: '3-a', deleted: false },
    { rev: '2-b', deleted: false },
  ];

  async function begun(saved?: JsonObject) {
    const run = await begin(plugin, saved);
    const { state, context } = run;
    const enter = (name: string) => plugin.db(state, databaseCalled(name), context);
    const show = (name: string, id: string) =>
      plugin.docRevs?.(state, databaseCalled(name), { id, seq: null, deleted: false, leaves }, context);
    const leave = (name: string) => plugin.dbClosing?.(state, databaseCalled(name), context);
    const end = () => plugin.complete?.(state, context);
    return { ...run, enter, show, leave, end };
  }

  test('D9: has the counts of the database that is being scanned in it', async () => {
    const first = await begun();
    await first.enter('a');
    await first.show('a', 'x');
    const second = await begun(await first.data());
    await second.enter('a');
    await second.show('a', 'y');
    await second.leave('a');
    await second.end();
    const tally = { documents: 2, conflicts: 2, deleted_conflicts: 0 };
    expect(second.reports).toMatchObject([
      { db: 'a', ...tally },
      { ...tally, databases: 1, top: [{ id: 'x' }, { id: 'y' }] },
    ]);
  });

  test('is told when the scan is in another database than it was left in', async () => {
    const run = await begun();
    await run.enter('a');
    await run.show('a', 'x');
    await run.enter('b');
    await run.end();
    expect(run.reports).toMatchObject([
      { db: 'a', conflicts: 1 },
      { databases: 1, conflicts: 1 },
    ]);
  });

  test('is put together of the parts of a scan', async () => {
    const part = async (name: string, ...ids: string[]) => {
      const run = await begun();
      await run.enter(name);
      for (const id of ids) await run.show(name, id);
      await run.leave(name);
      return run.data();
    };
    const whole = await begun(plugin.merge?.([await part('a', 'x', 'y'), await part('b', 'z'), await part('c')]));
    await whole.end();
    expect(whole.reports).toMatchObject([{ documents: 3, databases: 2, top: [{ id: 'x' }, { id: 'y' }, { id: 'z' }] }]);
  });
});

describe('A database that is split', () => {
  test('is counted once, and told as a whole in the end', async () => {
    const plugin = conflicts();
    const leaves = ['2-b', '2-a'].map((rev) => ({ rev, deleted: false }));
    const part = async (db: string, ...ids: string[]) => {
      const run = await begin(plugin);
      await plugin.db(run.state, databaseCalled(db), run.context);
      for (const id of ids) {
        await plugin.docRevs?.(run.state, databaseCalled(db), { id, seq: null, deleted: false, leaves }, run.context);
      }
      await plugin.dbClosing?.(run.state, databaseCalled(db), run.context);
      return run.data();
    };
    const parts = [await part('a', 'x'), await part('b', 'y'), await part('a'), await part('a', 'z', 'zz')];
    const whole = await begin(plugin, plugin.merge?.(parts));
    await plugin.complete?.(whole.state, whole.context);
    expect(whole.reports).toMatchObject([
      { db: 'a', documents: 3, conflicts: 3 },
      { documents: 4, conflicts: 4, databases: 2 },
    ]);
  });
});

describe('The documents with the most conflicts', () => {
  const entries = fc.array(
    fc.record({
      db: fc.constantFrom('a', 'b'),
      id: fc.string({ maxLength: 2 }),
      count: fc.integer({ min: 1, max: 9 }),
    }),
  );

  test('are the same in whatever order they come, and no more than are wanted', () => {
    const property = fc.property(entries, fc.integer({ min: 0, max: 5 }), (found, most) => {
      const each = new Map(found.map((entry) => [`${entry.db}/${entry.id}`, { ...entry, sides: [] }]));
      const listed = (all: readonly TopConflict[]) =>
        all.reduce<readonly TopConflict[]>((top, entry) => withTop(top, entry, most), []);
      const all = [...each.values()];
      const top = listed(all);
      expect(listed(all.reverse())).toEqual(top);
      expect(top.length).toBe(Math.min(most, all.length));
      const counts = all.map(({ count }) => count).sort((a, b) => b - a);
      expect(top.map(({ count }) => count)).toEqual(counts.slice(0, most));
    });
    fc.assert(property, { verbose: true });
  });

  test('are each there once, with ten sides at the most', () => {
    const leaves = Array.from({ length: 12 }, (_, n) => ({ rev: `${20 - n}-a`, deleted: n > 8 }));
    const entry = topConflict('db', 'x', 8, leaves);
    expect(withTop(withTop([], entry, 5), entry, 5)).toEqual([entry]);
    expect(withTop([entry], { ...entry, count: 1 }, 1)).toEqual([{ ...entry, count: 1 }]);
    expect(entry.sides).toHaveLength(10);
    expect(entry.sides.at(-1)).toEqual({ rev: '11-a', generation: 11, deleted: true });
  });
});
