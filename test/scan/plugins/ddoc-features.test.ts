import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { CouchServer } from '../../../demo/server/index.ts';
import type { JsonObject } from '../../../src/core/json-value.ts';
import { memoryKv } from '../../../src/kv/memory.ts';
import { couch4Report } from '../../../src/scan/plugins/couch4-report.ts';
import { countFeatures, FEATURES } from '../../../src/scan/plugins/count-features.ts';
import { ddocFeatures } from '../../../src/scan/plugins/ddoc-features.ts';
import { startFixture } from '../fixture.ts';
import { begin, databaseCalled } from './begin.ts';
import { scanAll } from './scan-all.ts';

const everything = Object.fromEntries(FEATURES.map((feature) => [feature, true]));
const ALL = { filters: 1, lists: 1, reduce: 1, rewrites: 2, shows: 1, updates: 1, validate_doc_update: 1 };

describe('ddocFeatures', () => {
  let server: CouchServer;
  beforeEach(async () => {
    server = await startFixture();
  });
  afterEach(() => server.close());

  test('tells each feature of each design document, the totals of a database, and those of all', async () => {
    const { findings, reports } = await scanAll(server, [ddocFeatures(everything)]);
    expect(Object.fromEntries(findings.map(({ feature, count }) => [feature, count]))).toEqual(ALL);
    expect(findings[0]).toEqual({
      type: 'finding',
      plugin: 'ddoc_features',
      db: 'dbname1',
      id: '_design/doc2',
      rev: expect.stringMatching(/^1-/),
      feature: expect.any(String),
      count: expect.any(Number),
    });
    expect(reports).toEqual([
      { type: 'report', plugin: 'ddoc_features', db: 'dbname1', features: ALL, ddocs: 1 },
      { type: 'report', plugin: 'ddoc_features', features: ALL, ddocs: 1, databases: 1 },
    ]);
  });

  test('looks for what CouchDB 4 will not have, if nothing else is said, and reads no documents', async () => {
    server.requests.reset();
    const { findings, summary } = await scanAll(server, [ddocFeatures()]);
    expect(findings.map(({ feature }) => feature).sort()).toEqual(['lists', 'rewrites', 'shows', 'updates']);
    expect(summary).toMatchObject({ complete: true, designDocs: 2, documents: 0, bodies: 0 });
    expect(server.requests.count(undefined, /_changes|_bulk_get|_all_docs/)).toBe(0);
  });

  test('adds up databases, and leaves no total out that comes last', async () => {
    server.database('dbname2')?.bulkDocs([
      { _id: '_design/rewrites', rewrites: 'function(req) {return "x";}' },
      { _id: '_design/shows', shows: { a: '', b: '' } },
    ]);
    const { reports } = await scanAll(server, [ddocFeatures()]);
    expect(reports.map(({ db, features, ddocs }) => ({ db, features, ddocs }))).toEqual([
      { db: 'dbname1', features: { updates: 1, shows: 1, lists: 1, rewrites: 2 }, ddocs: 1 },
      { db: 'dbname2', features: { shows: 2, rewrites: 1 }, ddocs: 2 },
      { features: { updates: 1, shows: 3, lists: 1, rewrites: 3 }, ddocs: 3 },
    ]);
  });

  test('takes an empty design document for one without features', async () => {
    server.createDatabase('empty').bulkDocs([{ _id: '_design/empty' }]);
    const { reports, summary } = await scanAll(server, [ddocFeatures()]);
    expect(reports.map(({ db }) => db)).toEqual(['dbname1', undefined]);
    expect(summary.complete).toBe(true);
  });

  test('scans nothing when nothing is to be looked for', async () => {
    const none = ddocFeatures({ updates: false, shows: false, lists: false, rewrites: false });
    const { findings, summary } = await scanAll(server, [none]);
    expect(findings).toEqual([]);
    expect(summary).toMatchObject({ complete: true, designDocs: 0 });
  });

  test('keeps what it has counted in the store', async () => {
    const store = memoryKv();
    const { findings } = await scanAll(server, [ddocFeatures()], { store, id: 'scan' });
    const again = await scanAll(server, [ddocFeatures(everything)], { store, id: 'scan', since: 'last' });
    expect(findings).toHaveLength(4);
    expect(again.reports.at(-1)).toMatchObject({ features: ALL });
  });
});

describe('What ddocFeatures keeps', () => {
  const plugin = ddocFeatures();

  async function begun(saved?: JsonObject) {
    const run = await begin(plugin, saved);
    const { state, context } = run;
    const enter = (name: string) => plugin.db(state, databaseCalled(name), context);
    const show = (name: string, n: number) =>
      plugin.ddoc?.(
        state,
        databaseCalled(name),
        { id: `_design/${n}`, rev: '1-a', body: { shows: { a: '' } } },
        context,
      );
    const leave = (name: string) => plugin.dbClosing?.(state, databaseCalled(name), context);
    const end = () => plugin.complete?.(state, context);
    return { ...run, enter, show, leave, end };
  }

  test('D9: has the counts of the database that is being scanned in it', async () => {
    const first = await begun();
    await first.enter('a');
    await first.show('a', 1);
    const second = await begun(await first.data());
    await second.enter('a');
    await second.leave('a');
    await second.end();
    expect(second.reports).toEqual([
      { db: 'a', features: { shows: 1 }, ddocs: 1 },
      { features: { shows: 1 }, ddocs: 1, databases: 1 },
    ]);
  });

  test('counts design documents once that come again', async () => {
    const first = await begun();
    await first.enter('a');
    await first.show('a', 1);
    await first.show('a', 2);
    const second = await begun(await first.data());
    await second.enter('a');
    for (const n of [1, 2, 3]) await second.show('a', n);
    await second.leave('a');
    expect(second.reports).toEqual([{ db: 'a', features: { shows: 3 }, ddocs: 3 }]);
  });

  test('is told when the scan is in another database than it was left in, or through', async () => {
    const run = await begun();
    await run.enter('a');
    await run.show('a', 1);
    await run.enter('b');
    await run.show('b', 1);
    await run.end();
    expect(run.reports).toEqual([
      { db: 'a', features: { shows: 1 }, ddocs: 1 },
      { db: 'b', features: { shows: 1 }, ddocs: 1 },
      { features: { shows: 2 }, ddocs: 2, databases: 2 },
    ]);
  });

  test('is put together of the parts of a scan', async () => {
    const part = async (name: string, ddocs: number, isLeft: boolean) => {
      const run = await begun();
      await run.enter(name);
      for (let n = 0; n < ddocs; n += 1) await run.show(name, n);
      if (isLeft) await run.leave(name);
      return run.data();
    };
    const parts = [await part('a', 1, true), await part('b', 2, false), await part('c', 0, true)];
    const whole = await begun(plugin.merge?.(parts));
    await whole.end();
    expect(whole.reports).toEqual([{ features: { shows: 3 }, ddocs: 3, databases: 2 }]);
    const none = await begun(plugin.merge?.([]));
    await none.end();
    expect(none.reports).toEqual([{ features: {}, ddocs: 0, databases: 0 }]);
  });

  test('is another configuration with other features, in whatever order', () => {
    expect(ddocFeatures({ shows: false }).configuration).not.toEqual(ddocFeatures().configuration);
    expect(ddocFeatures({ reduce: true, filters: true }).configuration).toEqual(
      ddocFeatures({ filters: true, reduce: true }).configuration,
    );
  });
});

describe('countFeatures', () => {
  test.each([
    ['members of any kind', { updates: { a: 1, b: null, c: {} } }, { updates: 3 }],
    ['rules of rewrites', { rewrites: [{}, 7, null] }, { rewrites: 3 }],
    ['a function of rewrites, be it empty', { rewrites: '' }, { rewrites: 1 }],
    ['D19: nothing of empty members', { updates: {}, shows: {}, lists: {}, filters: {}, rewrites: [] }, {}],
    [
      'nothing of members of another kind',
      { updates: [1], shows: 'x', lists: 7, rewrites: {}, filters: null, validate_doc_update: {} },
      {},
    ],
    [
      'reduce functions that are not built in',
      { views: { a: { reduce: 'f' }, b: { reduce: '_sum' }, c: { reduce: '' }, d: { map: '' }, e: null } },
      { reduce: 2 },
    ],
    ['D20: nothing of what views share', { views: { lib: { reduce: 'exports.x = 1' } } }, {}],
    ['nothing of views of another kind', { views: [{ reduce: 'f' }] }, {}],
    ['design documents in JavaScript', { language: 'javascript', shows: { a: '' } }, { shows: 1 }],
    ['no others', { language: 'erlang', shows: { a: '' } }, {}],
    ['nor those without a name for it', { language: '', shows: { a: '' } }, {}],
    ['nothing at all', {}, {}],
  ])('counts %s', (_what, body, counts) => {
    expect(countFeatures('_design/x', body, FEATURES)).toEqual(counts);
  });

  test('counts nothing of design documents that are CouchDB’s own', () => {
    expect(countFeatures('_design/_auth', { shows: { a: '' } }, FEATURES)).toEqual({});
  });

  test('counts what is wanted and nothing else', () => {
    expect(countFeatures('_design/x', { shows: { a: '' }, updates: { a: '' } }, ['updates'])).toEqual({ updates: 1 });
  });

  test.each([
    [{ show: true }, 'Design documents have no feature "show"; there are updates, shows, lists'],
    [{ shows: 'yes' }, 'Option shows must be true or false, not yes'],
  ])('is not told to count %j', (options, message) => {
    expect(() => ddocFeatures(options as object)).toThrow(message);
  });
});

test('couch4Report says a sentence for each feature that is there', () => {
  expect(couch4Report({})).toEqual([]);
  const sentences = couch4Report({ ...ALL, shows: 3 });
  expect(sentences).toHaveLength(FEATURES.length);
  expect(sentences.filter((sentence) => sentence.includes('will not work'))).toEqual([
    expect.stringMatching(/^1 update function will/),
    expect.stringMatching(/^3 show functions will/),
    expect.stringMatching(/^1 list function will/),
    expect.stringMatching(/^2 rewrite rules will/),
  ]);
  for (const sentence of sentences) expect(sentence).toMatch(/^\d+ [a-z][^.]*[^.]+\.$/);
});
