import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Interruption } from '../../../adapters/cli/context.ts';
import { ScanProgressLine, scanProgress } from '../../../adapters/cli/scan/progress-line.ts';
import { type CouchServer, startServer } from '../../../demo/server/index.ts';
import type { Progress } from '../../../src/scan/events.ts';
import { type CliResult, type CliSurroundings, runCli } from './run-cli.ts';

/** What a terminal would obey. */
const STEERING = '\u001b[2J\u202e\u0007';

let server: CouchServer;
beforeAll(async () => {
  server = await startServer();
  server.createDatabase('shop').bulkDocs([
    { _id: 'order', keys: ['none', 'sesame'] },
    { _id: `hostile${STEERING}`, [`key${STEERING}`]: 'sesame' },
    { _id: '_design/old', shows: { s: 'function () {}' } },
  ]);
});
afterAll(() => server.close());

const scan = (options: readonly string[], around?: CliSurroundings): Promise<CliResult> =>
  runCli(['scan', server.url, ...options], around);

interface Sarif {
  readonly $schema: string;
  readonly version: string;
  readonly runs: readonly {
    readonly tool: { readonly driver: { readonly name: string; readonly version: string; readonly rules: object[] } };
    readonly results: readonly { readonly ruleId: string }[];
    readonly originalUriBaseIds: object;
  }[];
}

describe('the output of couchtide scan', () => {
  test('is text for people: a finding a line, and in the end what was looked at', async () => {
    const { code, stdout } = await scan(['--find', 'word=sesame']);
    expect(code).toBe(1);
    expect(stdout.split('\n')).toEqual([
      'find  "shop" "order"  tag word, where /keys/1',
      'find  "shop" "hostile\\u001b[2J\\u202e\\u0007"  tag word, where /key\\u001b[2J\\u202e\\u0007',
      '2 findings in 3 documents and 0 design documents of 1 database',
      '',
    ]);
  });

  test('--json: one object a line, the summary last', async () => {
    const { code, lines } = await scan(['--find', 'word=sesame', '--json']);
    expect(code).toBe(1);
    expect(lines).toEqual([
      {
        type: 'finding',
        plugin: 'find',
        db: 'shop',
        id: 'order',
        rev: expect.any(String),
        tag: 'word',
        where: '/keys/1',
      },
      {
        type: 'finding',
        plugin: 'find',
        db: 'shop',
        id: `hostile${STEERING}`,
        rev: expect.any(String),
        tag: 'word',
        where: `/key${STEERING}`,
      },
      expect.objectContaining({
        type: 'summary',
        databases: 1,
        documents: 3,
        findings: 2,
        failures: 0,
        complete: true,
      }),
    ]);
  });

  test('--sarif: a log of the findings, by which version, of which server', async () => {
    const { code, stdout } = await scan(['--find', 'word=sesame', '--ddocs', '--sarif']);
    expect(code).toBe(1);
    const { $schema, version, runs } = JSON.parse(stdout) as Sarif;
    expect([$schema, version]).toEqual([expect.stringContaining('sarif-schema-2.1.0.json'), '2.1.0']);
    expect(runs).toHaveLength(1);
    expect(runs[0]?.tool.driver).toMatchObject({ name: 'couchtide', version: '0.0.0-test' });
    expect(runs[0]?.results.map(({ ruleId }) => ruleId).sort()).toEqual([
      'ddoc_features/shows',
      'find/word',
      'find/word',
    ]);
    expect(runs[0]?.originalUriBaseIds).toEqual({ SOURCE: { uri: `${server.url}/` } });
  });

  test('--sarif: a log too where nothing is found, or nothing can be had', async () => {
    const nothing = await scan(['--find', 'word=no such word', '--sarif']);
    const refused = await runCli(['scan', 'http://127.0.0.1:1', '--secrets', '--sarif']);
    expect([nothing.code, refused.code]).toEqual([0, 2]);
    for (const { stdout } of [nothing, refused]) {
      expect((JSON.parse(stdout) as Sarif).runs).toEqual([expect.objectContaining({ results: [] })]);
    }
  });

  test("--log: in the form of CouchDB's own scanner", async () => {
    const { stdout } = await scan(['--find', 'word=sesame', '--ddocs', '--log']);
    expect(stdout.split('\n').sort()).toEqual([
      '',
      'couch_scanner_plugin_ddoc_features db:shop ddoc:_design/old shows:1 ',
      'couch_scanner_plugin_ddoc_features db:shop shows:1 ',
      'couch_scanner_plugin_find db:shop doc:hostile\\u001b[2J\\u202e\\u0007 found regex word',
      'couch_scanner_plugin_find db:shop doc:order found regex word',
    ]);
  });

  test.each([[[]], [['--log']], [['--json']], [['--sarif']]])(
    'with %j holds nothing that a terminal would obey, whatever documents and patterns are called',
    async (format) => {
      const tag = `tag${STEERING}`;
      const { stdout, stderr } = await scan(['--find', `${tag}=sesame`, '--context', '5', ...format], { isTTY: true });
      expect(stdout.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
      if (format.length === 0 || format[0] === '--log') expect(stdout).not.toContain('\u202e');
      // The line of progress is cleared, and no more than that.
      expect(stderr.replaceAll('\u001b[K', '')).not.toContain('\u001b');
    },
  );

  test.each([[[]], [['--log']], [['--json']], [['--sarif']]])(
    'with %j that nobody reads any more ends the scan, and is no mistake',
    async (format) => {
      const closed = Object.assign(new Error('write EPIPE'), { code: 'EPIPE' });
      const onOutput = (): void => {
        throw closed;
      };
      // It would go on without an end.
      const { code, stderr } = await scan(['--find', 'word=sesame', '--live', ...format], { onOutput });
      expect([code, stderr]).toEqual([0, '']);
    },
  );
});

describe('an interrupted scan', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)('ends with 130 at %s, and has told what it has found', async (name) => {
    const interrupted = new AbortController();
    const { code, lines, stderr } = await scan(['--find', 'word=sesame', '--live', '--json'], {
      signal: interrupted.signal,
      onOutput: () => interrupted.abort(new Interruption(name)),
    });
    expect([code, stderr]).toEqual([130, '']);
    expect(lines[0]).toMatchObject({ type: 'finding', db: 'shop', id: 'order' });
  });

  test('has a log that is complete in itself', async () => {
    const interrupted = new AbortController();
    const { code, stdout } = await scan(['--find', 'word=sesame', '--live', '--sarif'], {
      signal: interrupted.signal,
      onOutput: (text) => {
        if (text.includes('find/word')) interrupted.abort(new Interruption('SIGINT'));
      },
    });
    expect(code).toBe(130);
    expect((JSON.parse(stdout) as Sarif).runs[0]?.results[0]).toMatchObject({ ruleId: 'find/word' });
  });
});

describe('the progress of a scan', () => {
  const progress: Progress = {
    type: 'progress',
    db: `shop${STEERING}`,
    databases: 1,
    designDocs: 0,
    documents: 3000,
    bodies: 3000,
    findings: 2,
    failures: 0,
    pending: 6000,
  };

  test('is told on a terminal, and nowhere else', async () => {
    const options = ['--find', 'word=sesame'];
    const { stderr, stdout } = await scan(options, { isTTY: true });
    expect(stderr).toMatch(/\r"shop" · \d+ documents? · /);
    expect(stderr.endsWith('\r\u001b[K')).toBe(true);
    const piped = await scan(options);
    expect([piped.stdout, piped.stderr]).toEqual([stdout, '']);
  });

  test('says where the scan is, how fast, what it has found, and how long it may take', () => {
    expect(scanProgress({ ...progress, db: 'shop' }, 2000)).toBe(
      '"shop" · 3,000 documents · 1,500/s · 1 database · 2 findings · 6,000 to come · about 4.0 s left',
    );
    expect(scanProgress({ ...progress, db: 'shop', pending: 0, documents: 0 }, 0)).toBe(
      '"shop" · 0 documents · 0/s · 1 database · 2 findings',
    );
  });

  test('takes one line, no wider than the terminal, and makes room for what has to be known', () => {
    let written = '';
    const write = (text: string): boolean => {
      written += text;
      return true;
    };
    const line = new ScanProgressLine({ isTTY: true, columns: 30, write } as never);
    line.draw(progress);
    // So soon after the first it is not drawn again.
    line.draw(progress);
    line.say('Something else');
    line.clear();
    const drawn = '"shop\\u001b[2J\\u202e\\u0007" · 3,000 documents'.slice(0, 29);
    expect(written).toBe(`\r${drawn}\u001b[K\r\u001b[KSomething else\n`);
  });
});
