import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { Interruption } from '../../../adapters/cli/context.ts';
import { fsKv } from '../../../adapters/fs/index.ts';
import { type CouchServer, startServer } from '../../../demo/server/index.ts';
import { createQueue, type Queue } from '../../../src/jobs/queue.ts';
import { openReplica } from '../../../src/replica/replica.ts';
import { type CliResult, runCli } from './run-cli.ts';

let server: CouchServer;
let folder: string;
let store: string;

beforeAll(async () => {
  server = await startServer({ admins: { admin: 'pa:ss' }, requireValidUser: true });
  server.createDatabase('recipes').put({ _id: 'pancakes', eggs: 3 });
});
afterAll(() => server.close());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'couchtide-cli-'));
  store = join(folder, 'queue');
});
afterEach(() => rm(folder, { recursive: true }));

const jobs = (command: string, ...args: string[]): Promise<CliResult> => runCli(['jobs', command, store, ...args]);

/** The queue as another process has it. */
async function queueOf(directory: string): Promise<Queue> {
  const kv = await fsKv(directory);
  onTestFinished(() => kv.close());
  return createQueue(kv);
}

describe('couchtide jobs add', () => {
  test('adds a job, and says so', async () => {
    const { code, stdout, stderr } = await jobs('add', 'thumbnail', '{"size":1}', '--id', 'a');
    expect([code, stdout, stderr]).toEqual([0, 'Added pending   "thumbnail" "a"\n', '']);
    const queue = await queueOf(store);
    expect(await queue.get('thumbnail', 'a')).toMatchObject({ data: { size: 1 }, priority: 5, runAt: 0 });
  });

  test('takes a time, a priority and a pause, and gives a new name', async () => {
    const options = ['--at', '2030-01-31T12:00Z', '--priority', '2', '--every', '60', '--json'];
    const { lines } = await jobs('add', 'thumbnail', '{}', ...options);
    expect(lines).toEqual([
      expect.objectContaining({
        type: 'thumbnail',
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        state: 'pending',
        runAt: Date.UTC(2030, 0, 31, 12),
        priority: 2,
        repeat: 60_000,
      }),
    ]);
  });

  test('keeps how a type is treated that is there', async () => {
    const queue = await queueOf(store);
    await queue.defineType('thumbnail', { timeout: 1234 });
    await jobs('add', 'thumbnail', '{}');
    expect((await queue.types()).get('thumbnail')?.timeout).toBe(1234);
  });

  test.each([
    [['thumbnail', 'size'], 'It must be a JSON object'],
    [['thumbnail', '[]'], 'It must be a JSON object'],
    [['thumbnail', '{}', '--at', 'tomorrow'], 'It must be a time'],
    [['thumbnail', '{}', '--priority', 'high'], 'It must be a number'],
    [['thumbnail', '{}', '--priority', '11'], 'A priority is a whole number from 0 to 9, not 11'],
    [['thumbnail', '{}', '--every', '0'], 'Option repeat must be'],
    [['thumbnail', '{}', '--at', '1969-01-01'], 'A job runs at a time'],
    [['thumbnail'], 'data'],
    [['pull', '{}'], 'needs the url of a database as its source'],
    [['pull', '{"source":"http://admin:geheim@127.0.0.1/recipes"}'], 'must not hold credentials'],
    [
      ['pull', '{"source":"http://127.0.0.1/recipes","credentials":{"password":"geheim"}}'],
      'credentials of a pull job',
    ],
    [['pull', '{"source":"http://127.0.0.1/recipes","since_when":1}'], 'has no option "since_when"'],
    [['pull', '{"sorce":"http://127.0.0.1/recipes"}'], 'has no option "sorce": there are source, target'],
  ])('refuses %j in one sentence, and adds nothing', async (args, said) => {
    const { code, stdout, stderr } = await jobs('add', ...args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(said);
    expect(stderr).toMatch(/^[^\n]+\n$/);
    expect(stderr).not.toContain('geheim');
    expect((await jobs('list', '--json')).lines.filter(({ state }) => state !== undefined)).toEqual([]);
  });
});

describe('couchtide jobs list, show, cancel, retry and remove', () => {
  beforeEach(async () => {
    for (const id of ['a', 'b']) await jobs('add', 'thumbnail', '{"size":1}', '--id', id);
    await jobs('add', 'mail', '{"to":"\\u001b[2Jyou"}', '--id', 'm\u001b[2J');
  });

  test('list shows the jobs of all types, or of one, in one state, and how many there are', async () => {
    await jobs('cancel', 'thumbnail', 'b');
    expect((await jobs('list')).stdout.split('\n')).toEqual([
      'pending   "mail" "m\\u001b[2J"',
      '1 job of type "mail" shown, of 1 pending',
      'pending   "thumbnail" "a"',
      'cancelled "thumbnail" "b"',
      '2 jobs of type "thumbnail" shown, of 1 pending, 1 cancelled',
      '',
    ]);
    const some = await jobs('list', 'thumbnail', '--state', 'cancelled', '--json');
    expect(some.lines).toEqual([expect.objectContaining({ id: 'b', state: 'cancelled', data: { size: 1 } })]);
    expect((await jobs('list', 'thumbnail', '--limit', '1', '--json')).lines.map(({ id }) => id)).toEqual(['a']);
  });

  test('show tells all that is known of a job, and nothing that a terminal would obey', async () => {
    const { stdout } = await jobs('show', 'thumbnail', 'a');
    expect(stdout.split('\n')).toEqual([
      'pending   "thumbnail" "a"',
      '  data      {"size":1}',
      '  info      {}',
      '  priority  5, epoch 0, seq 1',
      '',
    ]);
    expect((await jobs('show', 'mail', 'm\u001b[2J')).stdout).not.toContain('\u001b');
    expect((await jobs('show', 'thumbnail', 'a', '--json')).lines).toMatchObject([{ id: 'a', data: { size: 1 } }]);
  });

  test('cancel ends a job, retry has it run again, remove deletes it', async () => {
    expect((await jobs('cancel', 'thumbnail', 'a')).stdout).toBe('cancelled "thumbnail" "a"\n');
    expect((await jobs('retry', 'thumbnail', 'a')).stdout).toBe('pending   "thumbnail" "a"\n');
    expect((await jobs('remove', 'thumbnail', 'a')).stdout).toBe('Removed pending   "thumbnail" "a"\n');
    expect((await jobs('list', 'thumbnail', '--json')).lines.map(({ id }) => id)).toEqual(['b']);
  });

  test.each(['show', 'cancel', 'retry', 'remove'])('%s refuses a job that is not there', async (command) => {
    const { code, stderr } = await jobs(command, 'thumbnail', 'c');
    expect([code, stderr]).toEqual([2, expect.stringContaining('There is no job "c" of type "thumbnail"')]);
  });

  test.each([['list'], ['workers'], ['show', 'thumbnail', 'a']])(
    '%s makes no store where there is none',
    async (...args) => {
      const [command = '', ...rest] = args;
      const { code, stderr } = await runCli(['jobs', command, join(folder, 'none'), ...rest]);
      expect([code, stderr]).toEqual([2, expect.stringMatching(/^[^\n]*There is no store at [^\n]+\n$/)]);
    },
  );

  test('list refuses a state that there is not', async () => {
    const { code, stderr } = await jobs('list', '--state', 'lost');
    expect([code, stderr]).toEqual([2, expect.stringContaining('pending, running, finished, cancelled, dead')]);
  });
});

describe('couchtide jobs work', () => {
  /** Works until it is told to end, and gives what it has told. */
  async function work(args: string[] = [], environment: Record<string, string> = {}) {
    const interrupted = new AbortController();
    const running = runCli(['jobs', 'work', store, '--json', ...args], { signal: interrupted.signal, environment });
    return {
      end: (signal: 'SIGINT' | 'SIGTERM') => {
        interrupted.abort(new Interruption(signal));
        return running;
      },
      running,
    };
  }

  /** A module of handlers; one of them works until its signal aborts, or a promise of this process is kept. */
  async function handlers(): Promise<string> {
    const file = join(folder, `handlers-${crypto.randomUUID()}.mjs`);
    await writeFile(
      file,
      `export async function thumbnail({ data }) {
        if (data.fails) throw new Error('It is no picture');
        return { of: data.size };
      }
      thumbnail.type = { timeout: 300, maxAttempts: 1 };
      export async function endless(job, { signal }) {
        await new Promise((resolve) => {
          signal.addEventListener('abort', resolve);
          globalThis.couchtideTestGate?.then(resolve);
        });
        signal.throwIfAborted();
        return { done: true };
      }
      endless.type = { timeout: 300 };`,
    );
    return file;
  }

  test('does pulls, with the credentials that the environment has under their name', async () => {
    const data = JSON.stringify({
      source: `${server.url}/recipes`,
      target: join(folder, 'copy'),
      credentials: 'kitchen',
    });
    await jobs('add', 'pull', data, '--id', 'a');
    const working = await work(['--type', 'pull'], { KITCHEN_USER: 'admin', KITCHEN_PASSWORD: 'pa:ss' });
    const queue = await queueOf(store);
    expect(await queue.wait('pull', 'a')).toMatchObject({ state: 'finished', info: { docsWritten: 1 } });
    const { code, lines, stderr } = await working.end('SIGTERM');
    expect([code, stderr]).toEqual([0, 'Working on jobs of 1 type: pull\n']);
    expect(lines).toMatchObject([
      { jobType: 'pull', type: 'started', id: 'a', attempt: 1 },
      { jobType: 'pull', type: 'finished', id: 'a' },
    ]);
    const kv = await fsKv(join(folder, 'copy'), { readOnly: true });
    onTestFinished(() => kv.close());
    expect(await (await openReplica(kv, 'recipes')).get('pancakes')).toMatchObject({ eggs: 3 });
  });

  test('does the jobs of a module of handlers, and tells what has failed', async () => {
    await jobs('add', 'thumbnail', '{"size":7}', '--id', 'a');
    await jobs('add', 'thumbnail', '{"fails":true}', '--id', 'b');
    const queue = await queueOf(store);
    await queue.defineType('thumbnail', { maxAttempts: 1 });
    const working = await work(['--handlers', await handlers(), '--type', 'thumbnail', '--concurrency', '1']);
    expect((await queue.wait('thumbnail', 'a'))?.info).toEqual({ of: 7 });
    expect(await queue.wait('thumbnail', 'b')).toMatchObject({ state: 'dead', error: 'It is no picture' });
    const { code, lines } = await working.end('SIGTERM');
    expect(code).toBe(0);
    expect(lines).toContainEqual({
      jobType: 'thumbnail',
      type: 'dead',
      id: 'b',
      attempt: 1,
      epoch: 1,
      error: { type: 'error', name: 'Error', message: 'It is no picture' },
    });
  });

  test('is told with its jobs by workers', async () => {
    const queue = await queueOf(store);
    // A worker tells of itself once in its timeout.
    await queue.defineType('endless', { timeout: 300 });
    await jobs('add', 'endless', '{}', '--id', 'a');
    const working = await work(['--handlers', await handlers()]);
    for await (const workers of queue.workers$('endless')) if (workers.some((worker) => worker.jobs.length > 0)) break;
    const { stdout } = await jobs('workers', 'endless');
    expect(stdout).toMatch(/^"endless" worker "[0-9a-f-]{36}", Node\.js\/\d+, seen \d{4}-[^,]+, 1 of 4 jobs\n$/);
    expect((await jobs('workers', '--json')).lines).toContainEqual(
      expect.objectContaining({ jobType: 'endless', jobs: ['a'] }),
    );
    await working.end('SIGINT');
    expect((await jobs('workers')).stdout).toBe('');
  });

  test('gives back what it has at SIGINT', async () => {
    await jobs('add', 'endless', '{}', '--id', 'a');
    const working = await work(['--handlers', await handlers()]);
    const queue = await queueOf(store);
    await queue.wait('endless', 'a', ['running']);
    expect((await working.end('SIGINT')).code).toBe(130);
    expect(await queue.get('endless', 'a')).toMatchObject({ state: 'pending', attempt: 0 });
  });

  test('brings what it has to an end at SIGTERM, and takes no more', async () => {
    let open = (): void => {};
    Reflect.set(
      globalThis,
      'couchtideTestGate',
      new Promise<void>((resolve) => {
        open = resolve;
      }),
    );
    onTestFinished(() => void Reflect.deleteProperty(globalThis, 'couchtideTestGate'));
    await jobs('add', 'endless', '{}', '--id', 'a');
    const working = await work(['--handlers', await handlers(), '--concurrency', '1', '--grace', '3600']);
    const queue = await queueOf(store);
    await queue.wait('endless', 'a', ['running']);
    await queue.add('endless', 'b', {});
    const ended = working.end('SIGTERM');
    open();
    expect((await ended).code).toBe(0);
    expect(await queue.get('endless', 'a')).toMatchObject({ state: 'finished', info: { done: true } });
    expect(await queue.get('endless', 'b')).toMatchObject({ state: 'pending', attempt: 0 });
  });

  test('gives back what has not ended when the time after SIGTERM is over', async () => {
    await jobs('add', 'endless', '{}', '--id', 'a');
    const working = await work(['--handlers', await handlers(), '--grace', '0.01']);
    const queue = await queueOf(store);
    await queue.wait('endless', 'a', ['running']);
    expect((await working.end('SIGTERM')).code).toBe(0);
    expect(await queue.get('endless', 'a')).toMatchObject({ state: 'pending', attempt: 0 });
  });

  test.each([
    [['--type', 'unknown'], 'There is no handler for jobs of type "unknown": there are pull'],
    [['--handlers', '/nowhere/handlers.mjs'], 'The handlers in "/nowhere/handlers.mjs" cannot be loaded'],
    [['--concurrency', '0'], 'Option concurrency must be a whole number'],
    [['--grace', 'long'], 'It must be a number'],
  ])('refuses %j in one sentence', async (args, said) => {
    const { code, stderr } = await jobs('work', ...args);
    expect(code).toBe(2);
    expect(stderr).toContain(said);
    expect(stderr.trimEnd().split('\n').at(-1)).toContain(said);
  });
});
