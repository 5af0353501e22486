import { describe, expect, test } from 'vitest';
import type { ChangesRow } from '../../src/couch/feed/changes-row.ts';
import { parseChangesRow } from '../../src/couch/feed/changes-row.ts';
import { pullId, sourceName } from '../../src/pull/identity.ts';
import { divide } from '../../src/pull/parts.ts';
import { leavesBy, offeredBy, plan } from '../../src/pull/plan.ts';
import { cutBatches, type RowBatch } from '../../src/pull/source/batches.ts';
import { Underway } from '../../src/pull/underway.ts';

function row(id: string, revs: string[], more: object = {}): ChangesRow {
  return parseChangesRow(JSON.stringify({ seq: null, id, changes: revs.map((rev) => ({ rev })), ...more }));
}

const full = { history: 'full', skipTombstones: false, selector: undefined, filter: undefined } as const;

/** A plan for rows of which the target has nothing. */
function planAll(rows: ChangesRow[], selection: Parameters<typeof plan>[2] = full): ReturnType<typeof plan> {
  return plan(
    rows,
    offeredBy(rows).map(({ id, revs }) => ({ id, missing: revs, possibleAncestors: [], known: false })),
    selection,
  );
}

describe('plan', () => {
  test('takes winners of the first generation from the feed, and asks for all else', () => {
    const { derived, wanted } = planAll([
      row('first', ['1-a'], { doc: { _id: 'first', _rev: '1-a', v: 1 } }),
      row('dead', ['1-d'], { deleted: true, doc: { _id: 'dead', _rev: '1-d', _deleted: true } }),
      row('conflict', ['1-b', '1-a'], { doc: { _id: 'conflict', _rev: '1-b' } }),
      row('second', ['2-b'], { doc: { _id: 'second', _rev: '2-b' } }),
      row('bare', ['1-a']),
      row('null', ['1-a'], { doc: null }),
      row('other', ['1-a'], { doc: { _id: 'another', _rev: '1-a' } }),
      row('stale', ['1-a'], { doc: { _id: 'stale', _rev: '1-b' } }),
    ]);
    expect(derived).toEqual([
      { id: 'first', rev: '1-a', revisions: { start: 1, ids: ['a'] }, deleted: false, body: '{"v":1}' },
      { id: 'dead', rev: '1-d', revisions: { start: 1, ids: ['d'] }, deleted: true, body: '{}' },
      { id: 'conflict', rev: '1-b', revisions: { start: 1, ids: ['b'] }, deleted: false, body: '{}' },
    ]);
    expect(wanted).toEqual([
      { id: 'conflict', revs: ['1-a'] },
      { id: 'second', revs: ['2-b'] },
      { id: 'bare', revs: ['1-a'] },
      { id: 'null', revs: ['1-a'] },
      { id: 'other', revs: ['1-a'] },
      { id: 'stale', revs: ['1-a'] },
    ]);
  });

  test('asks for nothing that is here', () => {
    const rows = [row('a', ['1-a'], { doc: { _id: 'a', _rev: '1-a' } }), row('b', ['2-b', '2-c'])];
    expect(plan(rows, [{ id: 'b', missing: ['2-c'], possibleAncestors: [], known: true }], full)).toEqual({
      derived: [],
      wanted: [{ id: 'b', revs: ['2-c'] }],
    });
  });

  test('asks for documents by their ids where all of several leaves are missing, and nothing is left out by the source', () => {
    const rows = [row('a', ['2-a', '2-b']), row('b', ['2-a', '2-b']), row('c', ['1-a', '1-b'])];
    const missing = [
      { id: 'a', missing: ['2-a', '2-b'], possibleAncestors: [], known: false },
      { id: 'b', missing: ['2-b'], possibleAncestors: [], known: true },
      { id: 'c', missing: ['1-a', '1-b'], possibleAncestors: [], known: false },
    ];
    const winner = [...rows.slice(0, 2), row('c', ['1-a', '1-b'], { doc: { _id: 'c', _rev: '1-a' } })];
    expect(plan(winner, missing, full).wanted).toEqual([
      { id: 'a', revs: ['2-a', '2-b'], areLeaves: true },
      { id: 'b', revs: ['2-b'] },
      { id: 'c', revs: ['1-b'] },
    ]);
    for (const selection of [
      { ...full, selector: {} },
      { ...full, filter: { name: 'a/b' } },
      { ...full, history: 'leaves' as const },
    ])
      expect(plan(rows, missing, selection).wanted).toEqual([
        { id: 'a', revs: ['2-a', '2-b'] },
        { id: 'b', revs: ['2-b'] },
        { id: 'c', revs: ['1-a', '1-b'] },
      ]);
  });

  test('asks by name where the rows of a document differ', () => {
    const rows = [row('a', ['2-a', '2-b']), row('a', ['3-c'])];
    expect(planAll(rows).wanted).toEqual([{ id: 'a', revs: ['2-a', '2-b', '3-c'] }]);
  });

  test('takes every winner from the feed where leaves are all that is wanted', () => {
    const rows = [row('a', ['7-g', '3-c'], { doc: { _id: 'a', _rev: '7-g', v: 1 } })];
    expect(planAll(rows, { ...full, history: 'leaves' })).toEqual({
      derived: [{ id: 'a', rev: '7-g', revisions: { start: 7, ids: ['g'] }, deleted: false, body: '{"v":1}' }],
      wanted: [{ id: 'a', revs: ['3-c'] }],
    });
  });

  test('passes tombstones of unknown documents over where it is told to', () => {
    const rows = [row('a', ['2-a'], { deleted: true }), row('b', ['2-b'], { deleted: true })];
    const missing = [
      { id: 'a', missing: ['2-a'], possibleAncestors: [], known: false },
      { id: 'b', missing: ['2-b'], possibleAncestors: [], known: true },
    ];
    expect(plan(rows, missing, { ...full, skipTombstones: true }).wanted).toEqual([{ id: 'b', revs: ['2-b'] }]);
  });
});

describe('offeredBy', () => {
  test('names each document once, and no rows that are none', () => {
    const rows = [
      row('a', ['1-a']),
      row('a', ['2-b', '1-a']),
      row('_user/x', ['1-u']),
      row('_design/d', ['1-d']),
      row('none', []),
    ];
    expect(offeredBy(rows)).toEqual([
      { id: 'a', revs: ['1-a', '2-b'] },
      { id: '_design/d', revs: ['1-d'] },
    ]);
  });
});

describe('leavesBy', () => {
  test('has of each document what its last row tells', () => {
    expect(leavesBy([row('a', ['2-b', '2-a']), row('b', ['1-b']), row('a', ['3-c'])])).toEqual([
      { id: 'a', revs: ['3-c'] },
      { id: 'b', revs: ['1-b'] },
    ]);
  });
});

describe('divide', () => {
  const wanted = Array.from({ length: 5 }, (_, n) => ({ id: `${n}`, revs: ['2-a', '2-b'] }));
  const batch: RowBatch = {
    rows: wanted.map(({ id }) => row(id, ['2-a'])),
    through: '5-x',
    end: { type: 'end', lastSeq: '5-x', pending: 7 },
  };

  test('asks for so many revisions at once, and covers the batch with its last part', () => {
    const parts = divide(batch, { derived: [], wanted }, [{ id: '0', revs: ['2-a'] }], { entries: 4, revisions: 100 });
    expect(parts.map((part) => part.wanted.map(({ id }) => id))).toEqual([['0', '1'], ['2', '3'], ['4']]);
    expect(
      parts.map(({ through, pending, covers, replace }) => [through, pending, covers.length, replace.length]),
    ).toEqual([
      [undefined, undefined, 0, 0],
      [undefined, undefined, 0, 0],
      ['5-x', 7, 5, 1],
    ]);
  });

  test('makes parts of about the same size, and takes a document that is asked for by its id for one entry', () => {
    const sizes = (documents: object[], entries: number, revisions: number): number[] =>
      divide(batch, { derived: [], wanted: documents as typeof wanted }, [], { entries, revisions }).map(
        (part) => part.wanted.length,
      );
    expect(sizes(Array(1002).fill({ id: 'a', revs: ['2-a'] }), 500, 2000)).toEqual([334, 334, 334]);
    const conflicted = Array(500).fill({ id: 'a', revs: ['2-a', '2-b', '2-c'], areLeaves: true });
    expect(sizes(conflicted, 500, 2000)).toEqual([500]);
    expect(sizes(conflicted, 500, 1000)).toEqual([250, 250]);
    expect(sizes([{ id: 'a', revs: Array(9000).fill('2-a') }, ...conflicted.slice(0, 2)], 500, 2000)).toEqual([1, 2]);
  });

  test('is one part where nothing is to be fetched, and one document at least', () => {
    expect(divide(batch, { derived: [], wanted: [] }, [], { entries: 4, revisions: 100 })).toMatchObject([
      { wanted: [], through: '5-x' },
    ]);
    expect(divide(batch, { derived: [], wanted }, [], { entries: 1, revisions: 1 })).toHaveLength(5);
  });
});

describe('cutBatches', () => {
  const rows = (count: number, seqAt: number, text = ''): ChangesRow[] =>
    Array.from({ length: count }, (_, n) => ({
      ...row(`${n}`, ['1-a']),
      seq: (n + 1) % seqAt === 0 ? `${n + 1}` : null,
      docText: text,
    }));

  async function cut(events: ChangesRow[], bounds: { rows: number; length: number }): Promise<[number, unknown][]> {
    async function* feed() {
      yield [...events, { type: 'end', lastSeq: 'end', pending: 0 } as const];
    }
    const batches: [number, unknown][] = [];
    for await (const batch of cutBatches(feed(), bounds)) batches.push([batch.rows.length, batch.through]);
    return batches;
  }

  test('ends batches where the feed can be resumed', async () => {
    expect(await cut(rows(10, 1), { rows: 4, length: 1e9 })).toEqual([
      [4, '4'],
      [4, '8'],
      [2, 'end'],
    ]);
    expect(await cut(rows(10, 3), { rows: 4, length: 1e9 })).toEqual([
      [6, '6'],
      [4, 'end'],
    ]);
    expect(await cut([], { rows: 4, length: 1e9 })).toEqual([[0, 'end']]);
  });

  test('ends them anywhere when their documents become too much', async () => {
    expect(await cut(rows(10, 100, 'x'.repeat(100)), { rows: 4, length: 250 })).toEqual([
      [3, undefined],
      [3, undefined],
      [3, undefined],
      [1, 'end'],
    ]);
  });
});

describe('pullId', () => {
  const selection = {
    docIds: undefined,
    selector: undefined,
    filter: undefined,
    history: 'full',
    skipTombstones: false,
  } as const;

  test('is that of the source and of what is selected, and of nothing else', async () => {
    const id = await pullId('http://h:5984/db', selection);
    expect(await pullId('http://h:5984/db', selection)).toBe(id);
    const others = await Promise.all([
      pullId('http://h:5984/db2', selection),
      pullId('http://h2:5984/db', selection),
      pullId('http://h:5984/prefix/db', selection),
      pullId('http://h:5984/db', { ...selection, docIds: ['a'] }),
      pullId('http://h:5984/db', { ...selection, history: 'leaves' }),
      pullId('http://h:5984/db', { ...selection, skipTombstones: true }),
      pullId('http://h:5984/db', { ...selection, selector: { a: 1, b: 2 } }),
      pullId('http://h:5984/db', { ...selection, selector: { a: 1, b: 3 } }),
      pullId('http://h:5984/db', { ...selection, filter: { view: 'a/b' } }),
      pullId('http://h:5984/db', { ...selection, filter: { name: 'a/b' } }),
      pullId('http://h:5984/db', { ...selection, filter: { name: 'a/b', params: { x: '1' } } }),
    ]);
    expect(new Set([id, ...others]).size).toBe(12);
    expect(await pullId('http://h/db', selection)).toBe(await pullId('https://h/db', selection));
    expect(sourceName('http://h/db')).toBe('h/db');
    const one = { ...selection, selector: { $and: [{ a: 1, b: { $gt: 2 } }], c: null } };
    const other = { ...selection, selector: { c: null, $and: [{ b: { $gt: 2 }, a: 1 }] } };
    expect(await pullId('http://h/db', one)).toBe(await pullId('http://h/db', other));
  });
});

describe('Underway', () => {
  test('knows a document as long as it is on its way anywhere', () => {
    const underway = new Underway();
    underway.add(['a', 'b']);
    underway.add(['a']);
    underway.remove(['a', 'b', 'never']);
    expect([underway.has('a'), underway.has('b')]).toEqual([true, false]);
    underway.remove(['a']);
    expect(underway.has('a')).toBe(false);
  });
});
