import { firstValueFrom, filter as where } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { couch } from '../../src/couch/couch.ts';
import { memoryKv } from '../../src/kv/memory.ts';
import { pull } from '../../src/pull/pull.ts';
import type { Finding, ScanEvent, ScanSummary } from '../../src/scan/events.ts';
import { find } from '../../src/scan/find/find.ts';
import type { ScanOptions } from '../../src/scan/options.ts';
import type { ScanPlugin } from '../../src/scan/plugin.ts';
import { conflicts } from '../../src/scan/plugins/conflicts.ts';
import { ddocFeatures } from '../../src/scan/plugins/ddoc-features.ts';
import { scan } from '../../src/scan/scan.ts';
import { createScanner } from '../../src/scan/scanner/scanner.ts';
import type { Scannable } from '../../src/scan/source/open-source.ts';
import { findings$ } from '../../src/scan/state/findings.ts';
import type { Revision } from '../support/documents.ts';
import { prepareGround } from './ground.ts';
import { integrationServers } from './servers.ts';

const SECRET = 'AKIAIOSFODNN7EXAMPLE';

/** Secrets in all places, two conflicts, one of them resolved, and a design document that will not live for ever. */
const documents: readonly Revision[] = [
  ...Array.from({ length: 250 }, (_, n) => ({ _id: `d${String(n).padStart(3, '0')}`, _rev: '1-a', v: n })),
  { _id: 'value', _rev: '1-a', v: { deep: [1, `x ${SECRET} y`] } },
  { _id: 'key', _rev: '1-a', v: { [SECRET]: 1 } },
  { _id: SECRET, _rev: '1-a', v: 1 },
  { _id: `gone-${SECRET}`, _rev: '2-b', _revisions: { start: 2, ids: ['b', 'a'] }, _deleted: true },
  { _id: 'torn', _rev: '2-x', _revisions: { start: 2, ids: ['x', 'a'] }, v: 1 },
  { _id: 'torn', _rev: '2-y', _revisions: { start: 2, ids: ['y', 'a'] }, v: 2 },
  { _id: 'mended', _rev: '2-x', _revisions: { start: 2, ids: ['x', 'a'] }, v: 1 },
  { _id: 'mended', _rev: '3-d', _revisions: { start: 3, ids: ['d', 'y', 'a'] }, _deleted: true },
  { _id: '_design/old', _rev: '1-a', shows: { s: 'function (doc, req) { return ""; }' } } as unknown as Revision,
];

const expected = [
  `conflicts torn conflicts=["2-x"] deleted_conflicts=[]`,
  `ddoc_features _design/old feature="shows" count=1`,
  `find ${SECRET} tag="aws" where="id"`,
  `find gone-${SECRET} tag="aws" where="id"`,
  `find key tag="aws" where="/v/${SECRET}" at="key"`,
  `find value tag="aws" where="/v/deep/1"`,
].sort();

function plugins(): ScanPlugin[] {
  return [find({ aws: 'AKIA[0-9A-Z]{16}' }), ddocFeatures(), conflicts()];
}

function shown({ type: _, plugin, db: _db, id, rev: _rev, ...details }: Finding): string {
  const told = Object.entries(details).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return [plugin, id, ...told].join(' ');
}

async function scanAll(
  source: Scannable,
  options: ScanOptions = {},
): Promise<{ found: string[]; summary: ScanSummary }> {
  const events: ScanEvent[] = [];
  for await (const event of scan(source, plugins(), options)) events.push(event);
  const summary = events.at(-1);
  if (summary?.type !== 'summary') throw new Error('There is no summary');
  return {
    found: events
      .filter((event): event is Finding => event.type === 'finding')
      .map(shown)
      .sort(),
    summary,
  };
}

describe.each(integrationServers)('A scan of a database of %s', (_name, open) => {
  const ground = prepareGround(open);
  test.each([1000, 7])('finds everything, in pages of %i', async (batchSize) => {
    await ground.source.replicate(documents);
    const { found, summary } = await scanAll(couch.db(ground.source.url), { batchSize });
    expect(found).toEqual(expected);
    expect(summary).toMatchObject({ complete: true, documents: 257, designDocs: 1, failures: 0 });
  });

  test('looks only at what has changed since the last one', async () => {
    const { source } = ground;
    await source.replicate(documents);
    const store = memoryKv();
    await scanAll(couch.db(source.url), { store });
    await source.replicate([
      { _id: 'value', _rev: '2-b', _revisions: { start: 2, ids: ['b', 'a'] }, v: 'harmless' },
      { _id: 'torn', _rev: '3-d', _revisions: { start: 3, ids: ['d', 'x', 'a'] }, _deleted: true },
      { _id: 'later', _rev: '1-a', v: SECRET },
    ]);
    const { found, summary } = await scanAll(couch.db(source.url), { store, since: 'last' });
    expect(found).toEqual(
      [`ddoc_features _design/old feature="shows" count=1`, `find later tag="aws" where="/v"`].sort(),
    );
    expect(summary.documents).toBe(3);
    const kept: string[] = [];
    for await (const finding of findings$(store)) kept.push(shown(finding));
    const gone = (line: string): boolean => line.includes(' torn ') || line.includes(' value ');
    expect(kept.sort()).toEqual([...expected.filter((line) => !gone(line)), `find later tag="aws" where="/v"`].sort());
  });

  test('finds the same in a replica of it', async () => {
    const { source, replica } = ground;
    await source.replicate(documents);
    await pull(couch.db(source.url), replica).done;
    expect((await scanAll(replica)).found).toEqual(expected);
  });

  test('finds within a second what is written', async () => {
    const { source } = ground;
    await source.replicate(documents);
    const found: string[] = [];
    const live = scan(couch.db(source.url), plugins(), { feed: 'continuous' });
    const reading = live.subscribe((event) => {
      if (event.type === 'finding') found.push(shown(event));
    });
    const until = async (has: () => boolean): Promise<void> => {
      while (!has()) await new Promise((resolve) => setTimeout(resolve, 5));
    };
    await until(() => found.length === expected.length);
    await source.put({ _id: 'live', v: SECRET });
    await until(() => found.includes('find live tag="aws" where="/v"'));
    reading.unsubscribe();
  });

  test('is shared by two scanners, in parts', async () => {
    const { source } = ground;
    await source.replicate(documents);
    const kv = memoryKv();
    const limits = { db: Infinity, feed: Infinity, doc: Infinity, write: Infinity };
    const scanners = [1, 2].map(() =>
      createScanner({ kv, sources: couch.db(source.url), plugins: plugins(), limits, partSize: 40, batchSize: 20 }),
    );
    try {
      for (const plugin of ['find', 'ddoc_features', 'conflicts']) await scanners[0]?.enable(plugin);
      await Promise.all(
        scanners.map(({ status$ }) => {
          const isFinished = (all: object): boolean => JSON.stringify(all).split('"finished"').length === 4;
          return firstValueFrom(status$.pipe(where(({ plugins: all }) => isFinished(all))));
        }),
      );
    } finally {
      await Promise.all(scanners.map((scanner) => scanner.close()));
    }
    const kept: string[] = [];
    for await (const finding of findings$(kv, { id: 'scanner' })) kept.push(shown(finding));
    expect(kept.sort()).toEqual(expected);
  });
});
