import { createHmac } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Interruption } from '../../../adapters/cli/context.ts';
import { type CouchServer, type DatabaseHandle, startServer } from '../../../demo/server/index.ts';
import { answer, startScriptedServer } from '../../support/scripted-server.ts';
import { type CliResult, type CliSurroundings, runCli } from './run-cli.ts';

let server: CouchServer;
let shop: DatabaseHandle;
/** With credentials. */
let url: string;
let folder: string;

beforeAll(async () => {
  server = await startServer({ admins: { admin: 'geheim' }, requireValidUser: true });
  url = `${server.url.replace('://', '://admin:geheim@')}/shop`;
});
afterAll(() => server.close());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'couchtide-cli-'));
  shop = server.createDatabase('shop');
  shop.bulkDocs([
    { _id: 'a', word: 'sesame' },
    { _id: 'b', word: 'poppy' },
    { _id: 'c', word: 'sesame' },
  ]);
});
afterEach(() => rm(folder, { recursive: true }));

const scan = (options: readonly string[], around: CliSurroundings = {}): Promise<CliResult> =>
  runCli(['scan', url, '--find', 'word=sesame', ...options], around);
const findings = (store: string, ...options: string[]): Promise<CliResult> => runCli(['findings', store, ...options]);
const idsIn = ({ lines }: CliResult): unknown[] => lines.filter(({ type }) => type === 'finding').map(({ id }) => id);
const documentsOf = ({ lines }: CliResult): unknown => lines.find(({ type }) => type === 'summary')?.['documents'];

/** Everything that is in the files below a folder. */
async function contentOf(directory: string): Promise<string> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return (await Promise.all(files.map((file) => readFile(file, 'latin1')))).join('');
}

describe('couchtide scan --since-last', () => {
  test('keeps what was scanned among the state of programs, says where, and reads what has changed', async () => {
    const environment = { XDG_STATE_HOME: folder };
    const first = await scan(['--since-last', '--json'], { environment });
    expect([first.code, idsIn(first), documentsOf(first)]).toEqual([1, ['a', 'c'], 3]);
    const [, directory = ''] = /^What was scanned is kept in "(.+)"\n$/.exec(first.stderr) ?? [];
    expect(directory).toMatch(new RegExp(`^${folder}/couchtide/scan-[0-9a-f]{16}$`));
    shop.put({ _id: 'b', _rev: winnerOf('b'), word: 'sesame' });
    shop.put({ _id: 'a', _rev: winnerOf('a'), word: 'poppy' });
    const second = await scan(['--since-last', '--json'], { environment });
    expect([second.code, idsIn(second), documentsOf(second)]).toEqual([1, ['b'], 2]);
    const third = await scan(['--since-last', '--json'], { environment });
    expect([third.code, idsIn(third), documentsOf(third)]).toEqual([0, [], 0]);
    expect(idsIn(await findings(directory, '--json'))).toEqual(['b', 'c']);
    expect(await contentOf(folder)).not.toContain('geheim');
  });

  test.each([
    [{ XDG_STATE_HOME: '', HOME: '/HOME' }, '/HOME/.local/state/couchtide/scan-'],
    [{ LOCALAPPDATA: '/HOME/local', HOME: '/HOME' }, '/HOME/local/couchtide/scan-'],
  ])('finds its place with %j', async (given, place) => {
    const environment = Object.fromEntries(
      Object.entries(given).map(([name, path]) => [name, path.replace('/HOME', folder)]),
    );
    const { stderr } = await scan(['--since-last'], { environment });
    expect(stderr).toContain(place.replace('/HOME', folder));
  });

  test('asks for a directory where there is no such place, and takes the one it is given', async () => {
    const { code, stderr } = await scan(['--since-last']);
    expect([code, stderr]).toEqual([
      2,
      'couchtide: There is no place for what was scanned; name a directory with --store\n',
    ]);
    const store = join(folder, 'store');
    const first = await scan(['--since-last', '--store', store, '--json']);
    const second = await scan(['--since-last', '--store', store, '--json']);
    expect([first.stderr, documentsOf(first), documentsOf(second)]).toEqual(['', 3, 0]);
  });

  test('keeps a replica apart by where it is, not by how it is named', async () => {
    const environment = { XDG_STATE_HOME: folder };
    const replica = join(folder, 'replica');
    await runCli(['pull', url, replica]);
    const options = ['--find', 'word=sesame', '--since-last', '--json'];
    const first = await runCli(['scan', replica, ...options], { environment });
    const second = await runCli(['scan', `${folder}/./x/../replica/`, ...options], { environment });
    expect([documentsOf(first), documentsOf(second)]).toEqual([3, 0]);
  });

  test('looks at everything for a pattern that is new', async () => {
    const store = join(folder, 'store');
    await scan(['--since-last', '--store', store]);
    const again = await scan(['--since-last', '--store', store, '--find', 'other=poppy', '--json']);
    expect(idsIn(again)).toEqual(['b']);
    expect(idsIn(await findings(store, '--json')).sort()).toEqual(['a', 'b', 'c']);
  });
});

describe('couchtide scan --store', () => {
  test('goes on where the last run was interrupted, and loses and doubles nothing', async () => {
    const documents = Array.from({ length: 5000 }, (_, n) => ({
      _id: `d${String(n).padStart(4, '0')}`,
      word: n % 100 === 0 ? 'sesame' : 'poppy',
    }));
    shop.bulkDocs(documents);
    const store = join(folder, 'store');
    const interrupted = new AbortController();
    const first = await scan(['--store', store, '--json'], {
      signal: interrupted.signal,
      onOutput: () => interrupted.abort(new Interruption('SIGINT')),
    });
    expect(first.code).toBe(130);
    const second = await scan(['--store', store, '--json']);
    expect(second.code).toBe(1);
    expect(documentsOf(second)).toBeGreaterThan(0);
    expect(documentsOf(second)).toBeLessThan(5003);
    const expected = documents.filter(({ word }) => word === 'sesame').map(({ _id }) => _id);
    expect(idsIn(await findings(store, '--json')).sort()).toEqual(['a', 'c', ...expected]);
  });

  test('refuses what another source was scanned into', async () => {
    const store = join(folder, 'store');
    await scan(['--store', store]);
    server.createDatabase('other');
    const { code, stderr } = await runCli(['scan', url.replace('shop', 'other'), '--secrets', '--store', store]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^couchtide: The store has a scan "scan" of [^\n]+\/shop: [^\n]+\n$/);
    expect(stderr).not.toContain('geheim');
  });
});

describe('couchtide findings', () => {
  test('tells what a store holds, as text, JSON, SARIF and log, of a database', async () => {
    const store = join(folder, 'store');
    await scan(['--store', store]);
    const text = await findings(store);
    expect([text.code, text.stdout]).toEqual([
      1,
      'find  "shop" "a"  tag word, where /word\nfind  "shop" "c"  tag word, where /word\n',
    ]);
    expect((await findings(store, '--json')).lines[0]).toEqual({
      type: 'finding',
      plugin: 'find',
      db: 'shop',
      id: 'a',
      rev: expect.any(String),
      tag: 'word',
      where: '/word',
    });
    const log = JSON.parse((await findings(store, '--sarif')).stdout) as { runs: [{ results: object[] }] };
    expect(log.runs[0].results).toHaveLength(2);
    expect((await findings(store, '--log')).stdout).toContain('couch_scanner_plugin_find db:shop doc:a found');
    expect(idsIn(await findings(store, '--json', '--id', 'scan', '--db', 'shop'))).toEqual(['a', 'c']);
    const none = await findings(store, '--json', '--db', 'vault');
    expect([none.code, none.stdout]).toEqual([0, '']);
  });

  test('refuses a store that is not there, keeps no scan, or not this one', async () => {
    const store = join(folder, 'store');
    await scan(['--store', store]);
    const replica = join(folder, 'replica');
    await runCli(['pull', url, replica]);
    const refused = [await findings(join(folder, 'none')), await findings(replica), await findings(store, '--id', 'x')];
    expect(refused.map(({ code }) => code)).toEqual([2, 2, 2]);
    expect(refused[0]?.stderr).toContain('scan --store makes one');
    expect(refused[1]?.stderr).toContain('keeps no scan\n');
    expect(refused[2]?.stderr).toContain('keeps no scan "x": there are scan\n');
    expect(await readdir(folder)).not.toContain('none');
  });
});

describe('couchtide scan --baseline', () => {
  test('is silent about what is known, other lines among it', async () => {
    const known = join(folder, 'known.json');
    await writeFile(known, `\n${(await scan(['--json'])).stdout}`);
    const nothing = await scan(['--baseline', known, '--json']);
    expect([nothing.code, idsIn(nothing)]).toEqual([0, []]);
    shop.put({ _id: 'd', word: 'sesame' });
    const fresh = await scan(['--baseline', known, '--json']);
    expect([fresh.code, idsIn(fresh)]).toEqual([1, ['d']]);
  });

  test('says in which line a file is broken', async () => {
    const known = join(folder, 'known.json');
    await writeFile(known, '{"type":"summary"}\n{"type":');
    const { code, stderr } = await scan(['--baseline', known]);
    expect([code, stderr]).toEqual([2, expect.stringContaining('cannot be read: line 2 is not JSON')]);
  });
});

describe('couchtide scan --webhook', () => {
  test('sends what is found, signed with the secret of the environment', async () => {
    const hook = await startScriptedServer(answer('', 204));
    try {
      const environment = { COUCHTIDE_WEBHOOK_SECRET: 'of both' };
      const { code, stderr } = await scan(['--webhook', `${hook.url}/T0/path`], { environment });
      expect([code, stderr]).toEqual([1, '']);
    } finally {
      await hook.close();
    }
    const sent = hook.requests.flatMap(({ body }) => (JSON.parse(body) as { findings: { id: string }[] }).findings);
    expect(sent.map(({ id }) => id)).toEqual(['a', 'c']);
    for (const { path, body, headers } of hook.requests) {
      expect(path).toBe('/T0/path');
      expect(headers['x-couchtide-signature']).toBe(
        `sha256=${createHmac('sha256', 'of both').update(body).digest('hex')}`,
      );
    }
  });

  test('says what could not be sent, and where to no further than the server', async () => {
    const hook = await startScriptedServer(answer('no', 400));
    try {
      const { code, stdout, stderr } = await scan(['--webhook', `${hook.url}/T0/geheim`]);
      expect([code, stdout]).toEqual([1, expect.stringContaining('2 findings in')]);
      expect(stderr).toMatch(/^(?:\d findings? could not be sent: The webhook at http:[^\n]+ status 400\n)+$/);
      expect(stderr).not.toContain('geheim');
    } finally {
      await hook.close();
    }
  });
});

describe('couchtide scan --live', () => {
  test('goes on with what is written, until it is interrupted', async () => {
    const interrupted = new AbortController();
    let seen = 0;
    const { code, lines } = await scan(['--live', '--json'], {
      signal: interrupted.signal,
      onOutput(text) {
        if (text.includes('"finding"')) seen += 1;
        if (seen === 2) shop.put({ _id: 'late', word: 'sesame' });
        if (text.includes('"late"')) interrupted.abort(new Interruption('SIGINT'));
      },
    });
    expect(code).toBe(130);
    expect(lines.map(({ id }) => id)).toEqual(['a', 'c', 'late']);
  });
});

function winnerOf(id: string): string {
  const rev = server.state.database('shop')?.document(id)?.winner.rev;
  if (rev === undefined) throw new Error(`There is no document ${id}`);
  return rev;
}
