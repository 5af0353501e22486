import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CouchServer } from '../../../demo/server/index.ts';
import { couch } from '../../../src/couch/couch.ts';
import type { ScanEvent } from '../../../src/scan/events.ts';
import type { ScanPlugin } from '../../../src/scan/plugin.ts';
import { conflicts } from '../../../src/scan/plugins/conflicts.ts';
import { ddocFeatures } from '../../../src/scan/plugins/ddoc-features.ts';
import { logLine } from '../../../src/scan/report/log-line.ts';
import { scan } from '../../../src/scan/scan.ts';
import { addDatabase, type OracleRun, runsOf, type Section, startOracleServer, warningsOf } from './oracle.ts';

const FEATURES = 'couch_scanner_plugin_ddoc_features';
const CONFLICTS = 'couch_scanner_plugin_conflict_finder';

let server: CouchServer;

beforeAll(async () => {
  server = await startOracleServer();
});

afterAll(() => server.close());

async function scanLike(plugin: ScanPlugin, { config, plugin: module }: OracleRun): Promise<ScanEvent[]> {
  const patterns = (section: string): string[] => Object.values(config[`${module}.${section}`] ?? {});
  const events: ScanEvent[] = [];
  const skip = {
    skipDbs: patterns('skip_dbs'),
    skipDdocs: patterns('skip_ddocs'),
    skipDocs: patterns('skip_docs'),
  };
  for await (const event of scan(couch(server.url), [plugin], skip)) events.push(event);
  expect(events.filter(({ type }) => type === 'failure')).toEqual([]);
  return events;
}

/** The original takes nothing but these two words. */
function isSet(section: Section, name: string, byDefault: boolean): boolean {
  const value = section[name];
  return value === 'true' || value === 'false' ? value === 'true' : byDefault;
}

function isText(line: string | undefined): line is string {
  return line !== undefined;
}

describe('ddocFeatures', () => {
  /** The original has one line for all features of a design document, and counts what is not there (D19) and `lib` (D20). */
  function expectedLines(run: OracleRun): string[] {
    return warningsOf(run).flatMap((line) => {
      const [head = '', pairs = ''] = /^(.* (?:d?db|ddoc):.*?) ((?:[a-z_]+:\d+ )+)$/u.exec(line)?.slice(1) ?? [];
      const isOfLib = head.endsWith(' ddoc:_design/lib');
      const isOfShop = head.endsWith(' db:shop');
      const counts = pairs
        .trim()
        .split(' ')
        .map((pair) => {
          const [name = '', count = ''] = pair.split(':');
          const withoutLib = name === 'reduce' && (isOfLib || isOfShop) ? Number(count) - 1 : Number(count);
          return [name, withoutLib] as const;
        })
        .filter(([, count]) => count > 0)
        .map(([name, count]) => `${name}:${count} `);
      return head.includes(' ddoc:')
        ? counts.map((count) => `${head} ${count}`)
        : counts.length === 0
          ? []
          : [`${head} ${counts.join('')}`];
    });
  }

  test.each(runsOf(FEATURES).filter(([, { extraDatabase }]) => extraDatabase === undefined))(
    'tells what CouchDB %s does',
    async (_name, run) => {
      const section = run.config[FEATURES] ?? {};
      const plugin = ddocFeatures({
        updates: isSet(section, 'updates', true),
        shows: isSet(section, 'shows', true),
        lists: isSet(section, 'lists', true),
        rewrites: isSet(section, 'rewrites', true),
        filters: isSet(section, 'filters', false),
        reduce: isSet(section, 'reduce', false),
        validate_doc_update: isSet(section, 'validate_doc_update', false),
      });
      const events = await scanLike(plugin, run);
      const told = events.filter(({ type }) => type === 'report' || isSet(section, 'ddoc_report', false));
      const lines = told.map((event) => logLine(event, { scan: 'SCAN' })).filter(isText);
      expect(lines.sort()).toEqual(expectedLines(run).sort());
    },
  );

  test.each(runsOf(FEATURES).filter(([, { extraDatabase }]) => extraDatabase !== undefined))(
    'goes on where CouchDB %s crashes: an empty design document',
    async (_name, run) => {
      const database = run.extraDatabase ?? { name: '', docs: [] };
      const { name } = database;
      expect(run.crashed).toBe(true);
      addDatabase(server, database);
      try {
        const events = await scanLike(ddocFeatures(), run);
        const lines = events.map((event) => logLine(event)).filter((line) => line?.includes(` db:${name} `));
        expect(lines).toEqual([
          `${FEATURES} db:${name} ddoc:_design/full updates:1 `,
          `${FEATURES} db:${name} updates:1 `,
        ]);
      } finally {
        server.deleteDatabase(name);
      }
    },
  );
});

describe('conflicts', () => {
  const scanned = (run: OracleRun) => scanLike(conflicts({ compat: true }), run);

  /** 3.5.0 goes by ids: it sees no document whose winner is a tombstone, and passes over design documents. */
  function isSeen(version: string, event: ScanEvent): boolean {
    if (!version.startsWith('3.5.0') || event.type !== 'finding') return true;
    return !event.id?.startsWith('_design/') && JSON.stringify(event['conflicts']) !== '[]';
  }

  test.each(runsOf(CONFLICTS))('tells what CouchDB %s does, counting as it does', async (version, run) => {
    const section = run.config[CONFLICTS] ?? {};
    const live = isSet(section, 'conflicts', true);
    const dead = isSet(section, 'deleted_conflicts', true);
    const maxRevs = Number(section['max_revs'] ?? 10);
    const lineOf = (event: ScanEvent): string | undefined => {
      if (event.type !== 'finding' && event.type !== 'report') return undefined;
      const { conflicts: some, deleted_conflicts: others, ...rest } = event;
      const shown = { ...rest, ...(live && { conflicts: some }), ...(dead && { deleted_conflicts: others }) };
      return live || dead ? logLine(shown as ScanEvent, { scan: 'SCAN', maxRevs }) : undefined;
    };
    const events = (await scanned(run)).filter((event) => isSeen(version, event));
    const findings = events.filter(({ type }) => type === 'finding' && isSet(section, 'doc_report', true));
    const theirs = warningsOf(run);
    expect(findings.map(lineOf).filter(isText).sort()).toEqual(theirs.filter((line) => line.includes(' doc:')).sort());
    if (version.startsWith('3.5.0')) return;
    const reports = events.filter(({ type }) => type === 'report');
    expect(reports.map(lineOf).filter(isText).sort()).toEqual(theirs.filter((line) => !line.includes(' doc:')).sort());
  });

  test('D13: tells none of the winners, and no document without a live loser, unless it counts as the original does', async () => {
    const [, run] = runsOf(CONFLICTS).find(([name]) => name === '3.5.2 conflicts-default') ?? [];
    if (run === undefined) throw new Error('There is no such run');
    const original = await scanned(run);
    const own = await scanLike(conflicts(), run);
    const tell = (events: readonly ScanEvent[]) =>
      events.flatMap((event) =>
        event.type === 'finding' ? [[event.db, event.id, event['conflicts'], event['deleted_conflicts']]] : [],
      );
    const expected = tell(original).filter(([, , live]) => Array.isArray(live) && live.length > 1);
    expect(tell(own)).toEqual(expected.map(([db, id, live, dead]) => [db, id, (live as string[]).slice(1), dead]));
    expect(expected.length).toBeLessThan(tell(original).length);
  });
});
