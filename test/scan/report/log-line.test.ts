import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CouchServer } from '../../../demo/server/index.ts';
import type { ScanEvent } from '../../../src/scan/events.ts';
import { find } from '../../../src/scan/find/find.ts';
import { logLine } from '../../../src/scan/report/log-line.ts';
import { runsOf, startOracleServer, warningsOf } from '../plugins/oracle.ts';
import { scanAll } from '../plugins/scan-all.ts';

const MODULE = 'couch_scanner_plugin_find';

describe('logLine', () => {
  let server: CouchServer;
  beforeAll(async () => {
    server = await startOracleServer();
  });
  afterAll(() => server.close());

  test.each(runsOf(MODULE).filter(([name]) => /^3\.5\.2 find-(basic|key|dbname|id|posix)$/.test(name)))(
    'writes what find finds as CouchDB %s does',
    async (_name, run) => {
      const { findings } = await scanAll(server, [find({ ...run.config[`${MODULE}.regexes`] })]);
      const lines = findings.map((finding) => logLine(finding, { scan: 'SCAN' }));
      // D17: one line for the id and one for the body, where ours has one for each place.
      expect(new Set(lines)).toEqual(new Set(warningsOf(run)));
    },
  );
});

describe('A line of logLine', () => {
  const finding: ScanEvent = {
    type: 'finding',
    plugin: 'find',
    db: 'a/b',
    id: 'x',
    rev: '1-a',
    tag: 'aws',
    where: '/k',
  };

  test.each<[string, ScanEvent, string | undefined]>([
    ['names the scan only where it is known', finding, 'couch_scanner_plugin_find db:a/b doc:x found regex aws'],
    [
      'has what a plugin of one’s own says, in order',
      { type: 'finding', plugin: 'sizes', db: 'a', z: [1], b: 'text', c: undefined },
      'sizes db:a b:text z:[1] ',
    ],
    ['has what such a plugin reports', { type: 'report', plugin: 'sizes', db: 'a', bytes: 7 }, 'sizes db:a bytes:7 '],
    [
      'tells of a failure',
      { type: 'failure', plugin: 'find', callback: 'doc', db: 'a', id: 'x', message: 'No', error: 0, fatal: false },
      'couch_scanner_plugin_find db:a doc:x failed in doc: No',
    ],
    [
      'tells of a failure that concerns all',
      { type: 'failure', db: 'a', message: 'Gone', error: 0, fatal: true },
      'couch_scanner db:a failed: Gone',
    ],
    [
      'is one line, whatever an id has in it',
      { ...finding, id: 'x\nadmin\u001b[31m\u2028y\u0085' },
      'couch_scanner_plugin_find db:a/b doc:x\\u000aadmin\\u001b[31m\\u2028y\\u0085 found regex aws',
    ],
    ['is not there for totals of a scan', { type: 'report', plugin: 'conflicts', documents: 1 }, undefined],
    [
      'is not there for progress',
      { type: 'progress', db: 'a', databases: 1, designDocs: 0, documents: 0, bodies: 0, findings: 0, failures: 0 },
      undefined,
    ],
  ])('%s', (_what, event, line) => {
    expect(logLine(event)).toBe(line);
  });

  test('counts revisions where there are too many of them', () => {
    const conflicts: ScanEvent = {
      type: 'finding',
      plugin: 'conflicts',
      db: 'a',
      id: 'x',
      conflicts: ['2-b', '2-a'],
      deleted_conflicts: ['2-c'],
    };
    const head = 'couch_scanner_plugin_conflict_finder db:a doc:x';
    expect(logLine(conflicts)).toBe(`${head} conflicts:["2-b","2-a"] deleted_conflicts:["2-c"] `);
    expect(logLine(conflicts, { maxRevs: 1 })).toBe(`${head} conflicts:2 deleted_conflicts:["2-c"] `);
  });
});
