import { describe, expect, onTestFinished, test } from 'vitest';
import { type CouchServer, startServer } from '../../../demo/server/index.ts';
import { couch } from '../../../src/couch/couch.ts';
import type { RowBatch } from '../../../src/pull/source/batches.ts';
import { type Reading, readSource } from '../../../src/pull/source/read-source.ts';
import { smallDocuments } from '../../support/documents.ts';

/** What a source answers to a request for a page, as a test has it. */
type Page = (query: URLSearchParams) => object | Promise<object>;

/** A reading from the beginning in batches of five, so that the first page has room for 19 rows and every other for 199. */
const plain: Reading = {
  since: undefined,
  documents: 'never',
  only: {},
  bounds: { rows: 5, length: Number.POSITIVE_INFINITY },
};

/** Reads from a source that answers as it is told; gives the batches, and the queries that were sent. */
async function readPages(page: Page, reading: Partial<Reading> = {}) {
  const queries: URLSearchParams[] = [];
  const source = couch.db('http://source.test/db', {
    retry: { attempts: 1 },
    fetch: async (url) => {
      const { searchParams } = new URL(String(url));
      queries.push(searchParams);
      if (queries.length > 100) throw new Error('There is no end to the pages');
      return new Response(JSON.stringify(await page(searchParams)));
    },
  });
  const batches: RowBatch[] = [];
  const reader = readSource(source, { ...plain, ...reading }, new AbortController().signal);
  const done = (async () => {
    for await (const batch of reader) batches.push(batch);
  })();
  return { done, batches, queries };
}

const row = (seq: unknown): object => ({ seq, id: `doc ${String(seq)}`, changes: [{ rev: '1-a' }] });
const rows = (from: number, to: number): object[] => Array.from({ length: to - from }, (_, at) => row(from + at + 1));
const ids = (batches: readonly RowBatch[]): string[] => batches.flatMap((batch) => batch.rows.map(({ id }) => id));

/** A source of so many rows that gives so many at the most, whatever is asked for; `count`: what it says of those left. */
function sourceOf(total: number, most = Number.POSITIVE_INFINITY, count = (left: number): unknown => left): Page {
  return (query) => {
    const since = Number(query.get('since') ?? 0);
    const limit = Number(query.get('limit') ?? Number.POSITIVE_INFINITY);
    const end = Math.min(total, since + Math.min(most, limit));
    return { results: rows(since, end), last_seq: end, pending: count(total - end) };
  };
}

describe('Pages', () => {
  test.each([
    [0, 1],
    [18, 1],
    [19, 1],
    [20, 2],
    [19 + 199, 2],
    [19 + 199 + 1, 3],
  ])('of a source of %i rows that counts what is left are %i', async (total, pages) => {
    const { done, batches, queries } = await readPages(sourceOf(total));
    await done;
    expect(ids(batches)).toEqual(rows(0, total).map((each) => (each as { id: string }).id));
    expect(queries.map((query) => query.get('limit'))).toEqual(['19', '199', '199'].slice(0, pages));
  });

  test.each([undefined, null])('are read until one is empty where what is left is %s', async (left) => {
    const { done, batches, queries } = await readPages(sourceOf(19 + 199, undefined, () => left));
    await done;
    expect(ids(batches)).toHaveLength(218);
    expect(queries.map((query) => query.get('since'))).toEqual([null, '19', '218']);
  });

  test('that are short, as the server has it so, are not the end', async () => {
    for (const count of [(left: number): unknown => left, () => undefined]) {
      const { done, batches } = await readPages(sourceOf(50, 7, count));
      await done;
      expect(ids(batches)).toHaveLength(50);
    }
  });

  test('of which nothing passes a filter are not the end as long as less and less is left', async () => {
    const { done, batches } = await readPages(
      (query) => {
        const since = Number(query.get('since') ?? 0);
        return { results: since === 90 ? [row(91)] : [], last_seq: since + 10, pending: 90 - since };
      },
      { only: { selector: { type: 'rare' } } },
    );
    await done;
    expect(ids(batches)).toEqual(['doc 91']);
    expect(batches.at(-1)?.through).toBe(100);
  });

  test('end where more is written to the source than is read of it', async () => {
    let written = 30;
    const asked: (string | null)[] = [];
    const { done, batches } = await readPages((query) => {
      asked.push(query.get('limit'));
      written += 1000;
      return sourceOf(written)(query);
    });
    await done;
    // The second page has brought the end no nearer.
    expect(asked).toEqual(['19', '199', null]);
    expect(ids(batches)).toHaveLength(3030);
  });

  test('may go backwards in number: a position says nothing but where to go on', async () => {
    const pages: Readonly<Record<string, object>> = {
      start: { results: [row('50-x'), row('7-y')], last_seq: '9-z', pending: 1 },
      '9-z': { results: [row('3-w')], last_seq: '2-v', pending: 0 },
    };
    const { done, batches } = await readPages((query) => pages[query.get('since') ?? 'start'] ?? {});
    await done;
    expect(ids(batches)).toEqual(['doc 50-x', 'doc 7-y', 'doc 3-w']);
    expect(batches.at(-1)?.through).toBe('2-v');
  });

  test.each([
    ['counts', 7],
    ['does not count', undefined],
  ])('that repeat themselves end in an error, from a source that %s what is left', async (_how, pending) => {
    const same = { results: rows(0, 5), last_seq: '5-e', pending };
    for (const documents of ['never', 'first', 'always'] as const) {
      const { done, queries } = await readPages(() => same, { documents });
      await expect(done).rejects.toMatchObject({
        name: 'ProtocolError',
        retryable: true,
        message: expect.stringContaining('"5-e"'),
      });
      expect(queries.length).toBeLessThan(10);
    }
  });

  test('that come once more are no reason to give up', async () => {
    let turn = 0;
    const sound = sourceOf(40);
    const { done, batches } = await readPages((query) => {
      turn += 1;
      return turn === 2 || turn === 3 ? { results: rows(0, 19), last_seq: 19, pending: 21 } : sound(query);
    });
    await done;
    expect(new Set(ids(batches)).size).toBe(40);
  });
});

describe('Batches', () => {
  async function sourceWith(count: number): Promise<CouchServer> {
    const server = await startServer();
    onTestFinished(() => server.close());
    server.createDatabase('db').load(smallDocuments(count));
    return server;
  }

  test.each([1, 2, 3, 7, 10, 100, 1000])(
    'of %i rows each end where the feed can be gone on with, though few rows say where',
    async (size) => {
      const server = await sourceWith(157);
      const source = couch.db(`${server.url}/db`);
      const reading = { ...plain, bounds: { ...plain.bounds, rows: size } };
      const batches: RowBatch[] = [];
      for await (const batch of readSource(source, reading, new AbortController().signal)) batches.push(batch);
      expect(batches.map(({ through }) => through)).not.toContain(undefined);
      expect(new Set(ids(batches)).size).toBe(157);
      expect(ids(batches)).toHaveLength(157);
      // No batch is larger for want of a position.
      expect(Math.max(...batches.map((batch) => batch.rows.length))).toBeLessThanOrEqual(size);
    },
  );
});
