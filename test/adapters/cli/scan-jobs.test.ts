import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Interruption } from '../../../adapters/cli/context.ts';
import { fsKv } from '../../../adapters/fs/index.ts';
import { type CouchServer, startServer } from '../../../demo/server/index.ts';
import { createQueue } from '../../../src/jobs/queue.ts';
import { type CliResult, type CliSurroundings, runCli } from './run-cli.ts';

let server: CouchServer;
let folder: string;
let store: string;

beforeAll(async () => {
  server = await startServer({ admins: { admin: 'geheim' }, requireValidUser: true });
  server.createDatabase('shop').bulkDocs([
    { _id: 'order', keys: ['none', 'AKIAIOSFODNN7EXAMPLF'] },
    { _id: 'word', word: 'sesame' },
    { _id: '_design/old', shows: { s: 'function () {}' } },
  ]);
});
afterAll(() => server.close());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'couchtide-cli-'));
  store = join(folder, 'queue');
});
afterEach(() => rm(folder, { recursive: true }));

const add = (data: object, ...options: string[]): Promise<CliResult> =>
  runCli(['jobs', 'add', store, 'scan', JSON.stringify(data), ...options]);

/** Works on scans until the job has come to its end. */
async function work(id: string, options: readonly string[] = [], around: CliSurroundings = {}): Promise<CliResult> {
  const interrupted = new AbortController();
  const environment = { SHOP_USER: 'admin', SHOP_PASSWORD: 'geheim' };
  const signal = interrupted.signal;
  const running = runCli(['jobs', 'work', store, '--json', '--type', 'scan', ...options], {
    environment,
    signal,
    ...around,
  });
  const kv = await fsKv(store);
  try {
    await Promise.race([createQueue(kv).wait('scan', id), running]);
  } finally {
    interrupted.abort(new Interruption('SIGTERM'));
    await kv.close();
  }
  return running;
}

describe('couchtide jobs add <store> scan, and jobs work', () => {
  test('looks for secrets, features and conflicts, with the credentials of a name', async () => {
    const added = await add({ source: server.url, credentials: 'shop' }, '--id', 'nightly');
    expect(added).toMatchObject({ code: 0, stdout: 'Added pending   "scan" "nightly"\n', stderr: '' });
    const worked = await work('nightly');
    expect([worked.code, worked.stderr]).toEqual([0, 'Working on jobs of 1 type: scan\n']);
    expect(worked.lines).toMatchObject([
      { jobType: 'scan', type: 'started', id: 'nightly' },
      { jobType: 'scan', type: 'finished', id: 'nightly' },
    ]);
    const [job] = (await runCli(['jobs', 'show', store, 'scan', 'nightly', '--json'])).lines;
    const finished = { state: 'finished' };
    expect(job).toMatchObject({
      ...finished,
      info: {
        findings: 2,
        complete: true,
        plugins: { find: finished, ddoc_features: finished, conflicts: finished },
      },
    });
    const kept = await runCli(['findings', store, '--id', 'nightly', '--json']);
    expect(kept.lines.map(({ id, tag, feature }) => [id, tag ?? feature])).toEqual([
      ['_design/old', 'shows'],
      ['order', 'aws_access_key'],
    ]);
    const told = [added.stdout, worked.stdout, worked.stderr, JSON.stringify(job), kept.stdout].join('\n');
    expect(told).not.toMatch(/geheim|AKIA/);
  });

  test('takes rules and plugins of modules, those of the program coming after', async () => {
    const index = JSON.stringify(new URL('../../../src/index.ts', import.meta.url).href);
    const files = JSON.stringify(new URL('../../../adapters/fs/index.ts', import.meta.url).href);
    await writeFile(join(folder, 'rules.json'), '{"opener":{"pattern":"sesame"}}');
    await writeFile(
      join(folder, 'shop.mjs'),
      `import { conflicts, constant, findRules, scanPlugins } from ${index};
      import { fromFile } from ${files};
      const begin = () => ({ state: undefined });
      const names = { name: 'names', start: begin, resume: begin, db(_, { name }, { found }) { found({ name }); } };
      const own = { ...names, name: 'conflicts' };
      export default {
        name: 'shop',
        setup(registry) {
          registry.contribute(findRules, fromFile(new URL('rules.json', import.meta.url)));
          registry.contribute(scanPlugins, constant({ names, conflicts: own }));
        },
      };`,
    );
    await add({ source: server.url, credentials: 'shop', plugins: ['find', 'names', 'conflicts'] }, '--id', 'a');
    const { code, stderr } = await work('a', ['--plugin', './shop.mjs'], { folder });
    expect([code, stderr]).toEqual([0, 'Working on jobs of 1 type: scan\n']);
    const { lines } = await runCli(['findings', store, '--json']);
    expect(lines.map(({ plugin, id, tag, name }) => [plugin, id ?? name, tag]).sort()).toEqual([
      ['conflicts', 'shop', undefined],
      ['find', 'order', 'aws_access_key'],
      ['find', 'word', 'opener'],
      ['names', 'shop', undefined],
    ]);
  });

  test.each([
    [{}, 'A scan job needs the url of a server as its source'],
    [{ source: 'http://admin:geheim@127.0.0.1/' }, 'must not hold credentials'],
    [{ source: 'http://127.0.0.1/', credentials: { password: 'geheim' } }, 'The credentials of a scan job'],
    [{ source: 'http://127.0.0.1/', since: 'yesterday' }, 'The since of a scan job must be "last"'],
    [{ source: 'http://127.0.0.1/', plugin: 'find' }, 'A scan job has no option "plugin": there are source'],
  ])('refuses %j in one sentence, and adds nothing', async (data, said) => {
    const { code, stdout, stderr } = await add(data);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^couchtide: [^\n]+\n$/);
    expect(stderr).toContain(said);
    expect(stderr).not.toContain('geheim');
    expect((await runCli(['jobs', 'list', store, 'scan', '--json'])).lines.filter(({ id }) => id)).toEqual([]);
  });
});
