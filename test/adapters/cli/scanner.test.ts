import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Interruption } from '../../../adapters/cli/context.ts';
import { type CouchServer, startServer } from '../../../demo/server/index.ts';
import { type CliResult, type CliSurroundings, runCli } from './run-cli.ts';

const NAMES = ['one', 'three', 'two'] as const;

/** The package, for modules that tests write. */
const INDEX = JSON.stringify(new URL('../../../src/index.ts', import.meta.url).href);

let server: CouchServer;
/** With credentials. */
let url: string;
let folder: string;
let store: string;

beforeAll(async () => {
  server = await startServer({ admins: { admin: 'geheim' }, requireValidUser: true });
  url = server.url.replace('://', '://admin:geheim@');
});
afterAll(() => server.close());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'couchtide-cli-'));
  store = join(folder, 'store');
  for (const name of NAMES) {
    server.createDatabase(name).bulkDocs([
      { _id: 'a', word: 'sesame' },
      { _id: 'b', word: 'poppy' },
    ]);
  }
  server.requests.reset();
});
afterEach(() => rm(folder, { recursive: true }));

const scanner = (command: string, ...options: string[]): Promise<CliResult> =>
  runCli(['scanner', command, store, ...options]);
const run = (options: readonly string[], around: CliSurroundings = {}): Promise<CliResult> =>
  runCli(['scanner', 'run', store, url, '--rate', '1000000', ...options], around);
const SESAME = ['--find', 'word=sesame', '--until', 'finished'];

/** The databases of what was found, in order. */
const databasesIn = ({ lines }: CliResult): unknown[] =>
  lines
    .filter(({ type }) => type === 'finding')
    .map(({ db }) => db)
    .sort();

/** Everything that is in the files of the store. */
async function contentOf(directory: string): Promise<string> {
  const files = await readdir(directory);
  return (await Promise.all(files.map((file) => readFile(join(directory, file), 'latin1')))).join('');
}

describe('couchtide scanner run', () => {
  test('scans, tells what it finds and what becomes of its jobs, and ends when all is done', async () => {
    const result = await run([...SESAME, '--json']);
    expect([result.code, result.stderr, databasesIn(result)]).toEqual([1, '', [...NAMES]]);
    expect(result.lines).toContainEqual({
      type: 'finding',
      plugin: 'find',
      db: 'one',
      id: 'a',
      rev: expect.any(String),
      tag: 'word',
      where: '/word',
    });
    expect(result.lines).toContainEqual(expect.objectContaining({ type: 'job', plugin: 'find', became: 'started' }));
    expect(await contentOf(store)).not.toContain('geheim');
  });

  test('tells findings as text, and with 0 that there are none', async () => {
    const { code, stdout } = await run([...SESAME, '--skip-db', '^t', '--concurrency', '1']);
    expect([code, stdout]).toEqual([1, 'find  "one" "a"  tag word, where /word\n']);
    expect(await run(['--conflicts', '--until', 'finished', '--id', 'other'])).toMatchObject({
      code: 0,
      stdout: '',
      stderr: '',
    });
  });

  test('shares its work with others on the store: each finding is made once', async () => {
    const both = await Promise.all([run([...SESAME, '--json']), run([...SESAME, '--json'])]);
    expect(both.flatMap(databasesIn).sort()).toEqual([...NAMES]);
    const kept = await runCli(['findings', store, '--id', 'scanner', '--json']);
    expect([kept.code, databasesIn(kept)]).toEqual([1, [...NAMES]]);
  });

  test('takes plugins and rules of modules', async () => {
    const module = `
      import { constant, findRules, scanPlugins } from ${INDEX};
      const begin = () => ({ state: undefined });
      const names = { name: 'names', start: begin, resume: begin, db(_, { name }, { found }) { found({ length: name.length }); } };
      export const plugin = {
        name: 'names',
        setup(registry) {
          registry.contribute(findRules, constant({ bird: { pattern: 'poppy' } }));
          registry.contribute(scanPlugins, constant({ names }));
        },
      };`;
    await writeFile(join(folder, 'names.mjs'), module);
    const { lines } = await run(['--until', 'finished', '--plugin', './names.mjs', '--json'], { folder });
    expect(lines).toContainEqual({ type: 'finding', plugin: 'names', db: 'three', length: 5 });
    expect(lines).toContainEqual(expect.objectContaining({ plugin: 'find', db: 'three', id: 'b', tag: 'bird' }));
  });

  test('goes on until it is interrupted, and then ends with 130', async () => {
    const interrupted = new AbortController();
    const { code, stdout } = await run(['--find', 'word=sesame'], {
      signal: interrupted.signal,
      onOutput: () => interrupted.abort(new Interruption('SIGINT')),
    });
    expect([code, stdout]).toEqual([130, expect.stringContaining('tag word, where /word')]);
  });

  test('ends when nobody reads what it tells', async () => {
    const closed = Object.assign(new Error('write EPIPE'), { code: 'EPIPE' });
    const onOutput = (): void => {
      throw closed;
    };
    // It would go on without an end.
    const { code, stderr } = await run(['--find', 'word=sesame'], { onOutput });
    expect([code, stderr]).toEqual([0, '']);
  });

  test('says why a plugin fails, and tries it again later', async () => {
    const module = `
      import { constant, scanPlugins } from ${INDEX};
      const begin = () => { throw new Error('no \\u001b[2J key'); };
      const broken = { name: 'broken', start: begin, resume: begin, db() {} };
      export default { name: 'm', setup(registry) { registry.contribute(scanPlugins, constant({ broken })); } };`;
    await writeFile(join(folder, 'broken.mjs'), module);
    const interrupted = new AbortController();
    const { code, lines, stderr } = await run(['--plugin', './broken.mjs', '--json'], {
      folder,
      signal: interrupted.signal,
      onOutput: (text) => {
        if (text.includes('"became":"failed"')) interrupted.abort(new Interruption('SIGINT'));
      },
    });
    expect([code, stderr]).toEqual([130, expect.stringContaining('broken start: no \\u001b[2J key')]);
    expect(lines).toContainEqual(
      expect.objectContaining({
        type: 'failure',
        plugin: 'broken',
        callback: 'start',
        error: { type: 'error', name: 'Error', message: 'no \\u001b[2J key' },
      }),
    );
    const { stdout } = await scanner('status');
    expect(stdout).toMatch(/broken is failed, next \d{4}-[^,]+, 1 failure in a row: no \\u001b\[2J key\n/);
  });

  test.each([
    [[], 'There is nothing to look for'],
    [['--find', 'a=('], 'The pattern "(" of the rule "a" cannot be used'],
    [['--secrets', '--repeat', 'sometimes'], 'sometimes'],
    [['--secrets', '--after', 'soon'], 'soon'],
    [['--secrets', '--jitter', 'much'], 'much'],
    [['--secrets', '--id', 'a/b'], 'The id of a scanner must be of letters, digits, "_" and "-"'],
    [['--secrets', '--until', 'tomorrow'], 'finished'],
    [['--secrets', '--concurrency', '0'], 'concurrency must be a whole number'],
    [['--secrets', '--concurrency', 'many'], 'It must be a number'],
    [['--secrets', '--skip-doc', '('], 'Option skipDocs has a pattern that cannot be used, "("'],
    [['--secrets', '--rate', '-1'], 'must be a number above 0'],
  ])('refuses %j in one sentence', async (options, said) => {
    const { code, stdout, stderr } = await run([...options, ...(options.includes('--until') ? [] : SESAME.slice(2))]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^couchtide: [^\n]+\n$/);
    expect(stderr).toContain(said);
  });

  test('refuses a server that does not let it in, or is not there, and makes no store', async () => {
    const refused = await Promise.all(
      [server.url, 'http://127.0.0.1:1'].map((where) => runCli(['scanner', 'run', store, where, '--secrets'])),
    );
    expect(refused.map(({ code }) => code)).toEqual([2, 2]);
    expect(refused[0]?.stderr).toContain('COUCHTIDE_USER and COUCHTIDE_PASSWORD');
    expect(refused[1]?.stderr).toContain('check the address');
    expect(await readdir(folder)).toEqual([]);
  });

  test('refuses what is no server', async () => {
    const { code, stderr } = await runCli(['scanner', 'run', store, './replica', '--secrets']);
    expect([code, stderr]).toEqual([
      2,
      'couchtide: "./replica" is no url of a server, such as http://127.0.0.1:5984\n',
    ]);
  });
});

describe('couchtide scanner status, stop, resume, checkpoints and reset', () => {
  test('status tells how the plugins stand, as text and as JSON', async () => {
    await run(SESAME);
    const { code, stdout } = await scanner('status');
    expect([code, stdout]).toEqual([0, 'Scanner scanner: 1 plugin enabled\n  find is finished\n']);
    expect((await scanner('status', '--json')).lines).toEqual([
      {
        type: 'status',
        id: 'scanner',
        stopped: false,
        plugins: { find: expect.objectContaining({ state: 'finished', left: 0 }) },
      },
    ]);
  });

  test('status tells when a plugin runs next', async () => {
    const interrupted = new AbortController();
    const repeated = ['--find', 'word=sesame', '--repeat', '1_day', '--after', '2000-01-01', '--jitter', '1_hour'];
    const running = run(repeated, { signal: interrupted.signal });
    await until('status', ({ stdout }) => stdout.includes('find is waiting, next '));
    interrupted.abort(new Interruption('SIGTERM'));
    expect((await running).code).toBe(130);
    const { stdout } = await scanner('status');
    const [, next = ''] = /find is waiting, next (\S+)\n/.exec(stdout) ?? [];
    expect(Date.parse(next)).toBeGreaterThan(Date.now());
  });

  test('stop has all processes stand still, resume has them go on', async () => {
    await run(['--conflicts', '--until', 'finished']);
    expect(await scanner('stop')).toMatchObject({ code: 0, stdout: 'Stopped in all processes\n' });
    expect((await scanner('status')).stdout).toContain('Scanner scanner, stopped everywhere: 1 plugin enabled\n');
    server.requests.reset();
    const running = run([...SESAME, '--json']);
    await until('status', ({ stdout }) => stdout.includes('find is waiting'));
    expect(server.requests.all.map(({ path }) => path)).toEqual(['/']);
    expect(await scanner('resume')).toMatchObject({ code: 0, stdout: 'Going on\n' });
    expect(databasesIn(await running)).toEqual([...NAMES]);
    expect((await scanner('stop', '--json')).lines).toEqual([{ type: 'stopped', id: 'scanner' }]);
    expect((await scanner('resume', '--json')).lines).toEqual([{ type: 'resumed', id: 'scanner' }]);
  });

  test('checkpoints tells how far each plugin has come, reset has it start from scratch', async () => {
    await run(SESAME);
    const { code, lines } = await scanner('checkpoints');
    expect(code).toBe(0);
    expect(lines).toEqual([
      expect.objectContaining({
        type: 'checkpoint',
        plugin: 'find',
        run: expect.objectContaining({ phase: 'finished', left: 0 }),
      }),
    ]);
    // It has scanned once, and was asked for no more than that.
    expect(databasesIn(await run([...SESAME, '--json']))).toEqual([]);
    expect(await scanner('reset')).toMatchObject({ code: 0, stdout: 'Reset: find\n' });
    expect((await scanner('checkpoints')).lines).toEqual([]);
    expect(databasesIn(await run([...SESAME, '--json']))).toEqual([...NAMES]);
    expect((await scanner('reset', '--json')).lines).toEqual([{ type: 'reset', id: 'scanner', plugins: ['find'] }]);
  });

  test('reset of a scanner that has not begun resets nothing', async () => {
    await run(SESAME);
    expect((await scanner('reset', '--id', 'other')).stdout).toBe('There was nothing to reset\n');
  });

  test.each(['status', 'stop', 'resume', 'checkpoints', 'reset'])('%s makes no store', async (command) => {
    const { code, stderr } = await scanner(command);
    expect([code, stderr]).toEqual([2, expect.stringMatching(/^couchtide: There is no store at [^\n]+ makes one\n$/)]);
    expect(await readdir(folder)).toEqual([]);
  });
});

/** Runs a command on the scanner until it tells what is waited for. */
async function until(command: string, isIt: (result: CliResult) => boolean): Promise<void> {
  // Before the scanner is started there is no store.
  for (;;) if (isIt(await scanner(command))) return;
}
