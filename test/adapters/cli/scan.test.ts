import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type CouchServer, startServer } from '../../../demo/server/index.ts';
import { startScriptedServer } from '../../support/scripted-server.ts';
import { type CliResult, type CliSurroundings, runCli } from './run-cli.ts';

const SECRET = 'AKIAIOSFODNN7EXAMPLF';

/** The package, for modules that tests write. */
const INDEX = JSON.stringify(new URL('../../../src/index.ts', import.meta.url).href);

let server: CouchServer;
/** With credentials. */
let url: string;
let folder: string;

beforeAll(async () => {
  server = await startServer({ admins: { admin: 'pa:ss@word' }, requireValidUser: true });
  url = server.url.replace('://', '://admin:pa%3Ass%40word@');
});
afterAll(() => server.close());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'couchtide-cli-'));
  const shop = server.createDatabase('shop');
  shop.bulkDocs([
    { _id: 'order', keys: ['none', SECRET], price: 4711 },
    { _id: '_design/old', shows: { s: 'function () {}' }, lists: { a: 'function () {}', b: 'function () {}' } },
  ]);
  shop.bulkDocs(
    [
      { _id: 'twice', _rev: '2-b', _revisions: { start: 2, ids: ['b', 'a'] }, note: 'winner' },
      { _id: 'twice', _rev: '2-a', _revisions: { start: 2, ids: ['a', 'a'] }, note: 'loser' },
    ],
    { newEdits: false },
  );
  server.createDatabase('vault').put({ _id: 'safe', word: 'sesame' });
});
afterEach(async () => {
  server.faults.clear();
  await rm(folder, { recursive: true });
});

const scan = (what: string, options: readonly string[], around: CliSurroundings = {}): Promise<CliResult> =>
  runCli(['scan', what, ...options], around);

/** Where something was found: `plugin db/id detail`. */
function found({ lines }: CliResult): string[] {
  return lines
    .filter(({ type }) => type === 'finding')
    .map(({ plugin, db, id, tag, where, feature }) =>
      [plugin, [db, id].filter((part) => part !== undefined).join('/'), tag ?? feature, where]
        .filter((part) => part !== undefined)
        .join(' '),
    )
    .sort();
}

async function file(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

describe('couchtide scan', () => {
  test('looks through a server, a database, or the directory of a replica', async () => {
    const options = ['--find', 'aws=AKIA[0-9A-Z]{16}', '--find', 'word=(?i)SESAME', '--json'];
    const ofShop = ['find shop/order aws /keys/1'];
    const everything = await scan(url, options);
    expect([everything.code, everything.stderr, found(everything)]).toEqual([
      1,
      '',
      [...ofShop, 'find vault/safe word /word'],
    ]);
    const one = await scan(`${url}/shop`, options);
    expect([one.code, found(one)]).toEqual([1, ofShop]);
    const directory = join(folder, 'replica');
    await runCli(['pull', `${url}/shop`, directory]);
    const replica = await scan(directory, options);
    expect([replica.code, found(replica)]).toEqual([1, ofShop]);
  });

  test('finds nothing, and says so with its exit code', async () => {
    const { code, stdout, stderr } = await scan(url, ['--find', 'x=there is no such text']);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toBe('0 findings in 4 documents and 0 design documents of 2 databases\n');
  });

  test('tells a server behind a prefix from a database', async () => {
    const answers: Record<string, unknown> = {
      '/couch/': { couchdb: 'Welcome', version: '3.4.3' },
      '/couch': { couchdb: 'Welcome', version: '3.4.3' },
      '/couch/_all_dbs': [],
    };
    const proxy = await startScriptedServer((response, { path }) => {
      const body = answers[path.split('?')[0] ?? ''];
      response.writeHead(body === undefined ? 404 : 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body ?? { error: 'not_found', reason: 'missing' }));
    });
    try {
      const { code, stdout, stderr } = await scan(`${proxy.url}/couch`, ['--conflicts']);
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout).toContain('0 findings in 0 documents and 0 design documents of 0 databases');
    } finally {
      await proxy.close();
    }
  });

  test('takes credentials from the environment, and tells none', async () => {
    const environment = { COUCHTIDE_USER: 'admin', COUCHTIDE_PASSWORD: 'pa:ss@word' };
    const runs = [
      await scan(`${server.url}/shop`, ['--secrets', '--json'], { environment }),
      await scan(url, ['--secrets', '--sarif']),
      await scan(url, ['--secrets', '--ddocs', '--conflicts']),
    ];
    expect(runs.map(({ code }) => code)).toEqual([1, 1, 1]);
    server.faults.add({ path: /_changes/, answer: { status: 403, body: '{"error":"forbidden","reason":"not you"}' } });
    const refused = [
      await scan(url, ['--secrets', '--json']),
      await scan(`${url}/none`, ['--secrets', '--json']),
      await scan(server.url, ['--secrets', '--json']),
    ];
    for (const { stdout, stderr } of [...runs, ...refused]) {
      expect(`${stdout}${stderr}`).not.toMatch(/pa(:|%3A)ss|admin[:%]|YWRtaW46/);
      expect(`${stdout}${stderr}`).not.toContain(SECRET);
    }
  });

  test('passes over a database that it may not read, and says so', async () => {
    server.faults.add({
      path: /\/shop/,
      times: Number.POSITIVE_INFINITY,
      answer: { status: 403, body: '{"error":"forbidden","reason":"not \\u001b[2Jyou"}' },
    });
    const { code, stdout, stderr } = await scan(url, ['--find', 'word=sesame']);
    // Not all of what was asked for: what was found elsewhere does not hide that.
    expect(code).toBe(2);
    expect(stdout).toContain('find  "vault" "safe"  tag word, where /word\n');
    expect(stdout).toContain('1 object could not be scanned\n');
    expect(stderr).toMatch(/^"shop": .* 403 forbidden: not \\u001b\[2Jyou\n$/);
    const told = await scan(url, ['--find', 'word=sesame', '--json']);
    expect(told.lines).toContainEqual({
      type: 'failure',
      db: 'shop',
      message: expect.stringContaining('403'),
      error: { type: 'error', name: 'CouchError', message: expect.stringContaining('403'), status: 403 },
      fatal: false,
    });
  });
});

describe('what is looked for', () => {
  test('--secrets: what well-known services give out', async () => {
    const result = await scan(url, ['--secrets', '--json']);
    expect(found(result)).toEqual(['find shop/order aws_access_key /keys/1']);
  });

  test('--ddocs: features, and what they mean, in the end', async () => {
    const { code, stdout } = await scan(url, ['--ddocs']);
    expect(code).toBe(1);
    expect(stdout).toContain('ddoc_features  "shop" "_design/old"  feature lists, count 2\n');
    expect(stdout.split('\n').slice(-4)).toEqual([
      '2 findings in 0 documents and 1 design document of 2 databases',
      expect.stringMatching(/^1 show function will not work: CouchDB 4 has none of these; .*\.$/),
      expect.stringMatching(/^2 list functions will not work: /),
      '',
    ]);
    const { lines } = await scan(url, ['--ddocs', '--json']);
    expect(lines.filter(({ type }) => type === 'finding')).toEqual([
      {
        type: 'finding',
        plugin: 'ddoc_features',
        db: 'shop',
        id: '_design/old',
        rev: expect.any(String),
        feature: 'shows',
        count: 1,
      },
      {
        type: 'finding',
        plugin: 'ddoc_features',
        db: 'shop',
        id: '_design/old',
        rev: expect.any(String),
        feature: 'lists',
        count: 2,
      },
    ]);
  });

  test('--conflicts: documents with several sides', async () => {
    const { code, lines } = await scan(url, ['--conflicts', '--json']);
    expect(code).toBe(1);
    expect(lines.filter(({ type }) => type === 'finding')).toEqual([
      expect.objectContaining({
        plugin: 'conflicts',
        db: 'shop',
        id: 'twice',
        conflicts: ['2-a'],
        deleted_conflicts: [],
      }),
    ]);
  });

  test('--rules: a file of ours, and one of gitleaks, whose notes are told', async () => {
    const own = await file(
      'own.json',
      JSON.stringify({ version: 1, rules: { opener: { pattern: 'sesame', severity: 'low' } } }),
    );
    const theirs = await file(
      'gitleaks.toml',
      `[[rules]]\nid = "aws-key"\nregex = '''AKIA[0-9A-Z]{16}'''\npath = '''\\.env'''\n`,
    );
    const result = await scan(url, ['--rules', own, '--rules', theirs, '--json']);
    expect(found(result)).toEqual(['find shop/order aws-key /keys/1', 'find vault/safe opener /word']);
    expect(result.lines).toContainEqual(expect.objectContaining({ tag: 'opener', severity: 'low' }));
    expect(result.stderr).toBe(`${theirs}: The rule "aws-key" has "path", which means nothing for documents\n`);
  });

  test('--find-native: patterns that only JavaScript can run', async () => {
    const options = ['--find', 'ahead=s(?=esame)', '--json'];
    const linear = await scan(url, options);
    expect([linear.code, found(linear)]).toEqual([2, []]);
    expect(linear.stderr).toMatch(
      /^couchtide: The pattern "s\(\?=esame\)" of the rule "ahead" cannot be used: [^\n]+\n$/,
    );
    const native = await scan(url, [...options, '--find-native']);
    expect([native.code, found(native)]).toEqual([1, ['find vault/safe ahead /word']]);
  });

  test('--numbers, --losers and --attachments: what is not looked at otherwise', async () => {
    server.database('vault')?.put({
      _id: 'photo',
      _attachments: { 'sesame.jpg': { content_type: 'image/jpeg', data: 'aGVsbG8=' } },
    });
    const options = ['--find', 'price=4711', '--find', 'side=^loser$', '--find', 'name=sesame\\.jpg', '--json'];
    expect(found(await scan(url, options))).toEqual([]);
    expect(found(await scan(url, [...options, '--numbers']))).toEqual(['find shop/order price /price']);
    expect(found(await scan(url, [...options, '--losers']))).toEqual(['find shop/twice side /note']);
    expect(found(await scan(url, [...options, '--attachments']))).toEqual([
      expect.stringMatching(/^find vault\/photo name .*sesame\.jpg$/),
    ]);
  });

  test('--context: what stands around, without what was found', async () => {
    server.database('shop')?.put({ _id: 'mail', text: `Take ${SECRET}, and go` });
    const { lines } = await scan(`${url}/shop`, ['--find', 'aws=AKIA\\w+', '--context', '5', '--json']);
    const [mail] = lines.filter(({ id }) => id === 'mail');
    expect(mail?.['context']).toMatch(/^Take .*, and$/);
    expect(JSON.stringify(lines)).not.toContain(SECRET);
  });

  test('--plugin: what its module contributes, rules and plugins', async () => {
    const module = `
      import { constant, findRules, scanPlugins } from ${INDEX};
      const begin = () => ({ state: undefined });
      const long = {
        name: 'long_ids', start: begin, resume: begin, db() {},
        docId(_, db, id, { found }) { if (id.length > 4) found({ characters: id.length }); },
      };
      export const plugin = {
        name: 'shop-rules',
        setup(registry) {
          registry.contribute(findRules, constant({ opener: { pattern: 'sesame' } }));
          registry.contribute(scanPlugins, constant({ long_ids: long }));
        },
      };`;
    await file('shop.mjs', module);
    const result = await scan(url, ['--plugin', './shop.mjs', '--json'], { folder });
    expect([result.code, result.stderr]).toEqual([1, '']);
    expect(found(result)).toEqual([
      'find vault/safe opener /word',
      'long_ids shop/_design/old',
      'long_ids shop/order',
      'long_ids shop/twice',
    ]);
    expect(result.lines).toContainEqual(expect.objectContaining({ id: 'order', characters: 5 }));
    const both = await scan(url, ['--plugin', './shop.mjs', '--find', 'note=winner', '--json'], { folder });
    expect(found(both)).toContain('find shop/twice note /note');
    expect(found(both)).toContain('find vault/safe opener /word');
  });

  test('refuses to look for less than a module brings: rules of a file that cannot be understood', async () => {
    const files = JSON.stringify(new URL('../../../adapters/fs/index.ts', import.meta.url).href);
    const module = `
      import { findRules } from ${INDEX};
      import { fromFile } from ${files};
      export default {
        name: 'rules',
        setup(registry) { registry.contribute(findRules, fromFile(new URL('rules.json', import.meta.url))); },
      };`;
    await file('rules.mjs', module);
    await file('rules.json', '{"opener":{"pattern":"sesame"}}');
    const options = ['--plugin', './rules.mjs', '--conflicts', '--json'];
    expect(found(await scan(url, options, { folder }))).toContain('find vault/safe opener /word');
    await file('rules.json', '{"opener":');
    const { code, stderr, lines } = await scan(url, options, { folder });
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/\ncouchtide: What plugin "rules" brings for scans cannot be had: [^\n]+\n$/),
    ]);
    expect(lines).toEqual([expect.objectContaining({ type: 'error' })]);
  });

  test('a plugin that cannot begin ends the command with 2, the others with what they find', async () => {
    const module = `
      import { constant, scanPlugins } from ${INDEX};
      const begin = () => { throw new Error('no \\u001b[2J key'); };
      const broken = { name: 'broken', start: begin, resume: begin, db() {} };
      export default { name: 'm', setup(registry) { registry.contribute(scanPlugins, constant({ broken })); } };`;
    await file('broken.mjs', module);
    const { code, stdout, stderr } = await scan(url, ['--plugin', './broken.mjs', '--find', 'word=sesame'], { folder });
    expect(code).toBe(2);
    expect(stderr).toBe('broken start: no \\u001b[2J key; this plugin has ended\n');
    expect(stdout).toContain('find  "vault" "safe"  tag word, where /word\n');
    expect(stdout).toContain('broken is failed\nThe scan is not complete\n');
  });
});

describe('what is passed over, and how fast', () => {
  test.each([
    [
      ['--skip-db', '^va', '--skip-db', 'nothing'],
      ['find shop/order a /keys/1', 'find shop/twice a /note'],
    ],
    [
      ['--skip-doc', '^(order|_design/)'],
      ['find shop/twice a /note', 'find vault/safe a /word'],
    ],
  ])('%j', async (options, expected) => {
    expect(found(await scan(url, ['--find', `a=${SECRET}|winner|sesame`, ...options, '--json']))).toEqual(expected);
  });

  test('--skip-ddoc', async () => {
    server.database('shop')?.put({ _id: '_design/new', updates: { u: 'function () {}' } });
    expect(found(await scan(url, ['--ddocs', '--skip-ddoc', 'old$', '--json']))).toEqual([
      'ddoc_features shop/_design/new updates',
    ]);
  });

  test('--rate: the second database waits until the documents of the first are paid', async () => {
    const begun = performance.now();
    const result = await scan(url, ['--find', 'word=sesame', '--rate', '2', '--json']);
    expect(found(result)).toEqual(['find vault/safe word /word']);
    // Three documents at two a second, of which two are there at once.
    expect(performance.now() - begun).toBeGreaterThan(490);
  });
});

describe('what cannot be used is refused in one sentence, before anything is asked for', () => {
  test.each([
    [[], 'There is nothing to look for; give --find name=regex, --rules file, --secrets, --ddocs, --conflicts'],
    [['--numbers'], 'There is nothing to look for'],
    [['--find', 'aws'], 'Option --find must be name=regex, such as aws=AKIA[0-9A-Z]{16}, not "aws"'],
    [['--find', '=x'], 'Option --find must be name=regex'],
    [['--find', 'a='], 'Option --find must be name=regex'],
    [['--find', 'a=('], 'The pattern "(" of the rule "a" cannot be used'],
    [['--find', 'a=x', '--find', 'a=y'], 'There are two rules "a"'],
    [['--find', 'a=(?=x)'], 'The pattern "(?=x)" of the rule "a" cannot be used'],
    [['--rules', '/nowhere/rules.json'], 'The rule file cannot be read: '],
    [['--secrets', '--context', '-1'], 'The context must be a number of characters, not -1'],
    [['--secrets', '--context', 'wide'], 'It must be a number'],
    [['--secrets', '--rate', '0'], 'must be a number above 0'],
    [['--secrets', '--rate', 'slow'], 'It must be a number'],
    [['--secrets', '--skip-db', '('], 'Option skipDbs has a pattern that cannot be used, "("'],
    [['--secrets', '--skip-ddoc', '('], 'Option skipDdocs has a pattern that cannot be used, "("'],
    [['--secrets', '--skip-doc', '('], 'Option skipDocs has a pattern that cannot be used, "("'],
    [['--secrets', '--baseline', '/nowhere/known.json'], 'The baseline "/nowhere/known.json" cannot be read: '],
    [['--secrets', '--webhook', 'hooks.example'], 'The url of a webhook must begin with http:// or https://'],
    [['--secrets', '--webhook', 'https://me:geheim@hooks.example/'], 'must not have credentials in it'],
    [['--secrets', '--json', '--sarif'], 'cannot be used with'],
    [['--secrets', '--log', '--sarif'], 'cannot be used with'],
    [['--secrets', '--plugin', './none.mjs'], 'Plugin module "./none.mjs" is not to be found; check the path'],
  ])('%j', async (options, said) => {
    server.requests.reset();
    const { code, stdout, stderr } = await scan(url, options, { folder });
    expect([code, options.includes('--json') ? '' : stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^couchtide: [^\n]+\n$/);
    expect(stderr).toContain(said);
    expect(stderr).not.toContain('geheim');
    expect(server.requests.total).toBe(0);
  });

  test.each([
    ['no rules at all', '{"version":1,"rules":{}}', 'The rule file has no rules'],
    ['a text that is no rules', 'rules: none', 'The rule file is neither JSON nor TOML'],
    ['a pattern that is none', '{"version":1,"rules":{"a":{"pattern":"("}}}', 'The pattern "(" of the rule "a"'],
    ['a member that means nothing', '{"version":1,"rules":{"a":{"patern":"x"}}}', 'patern'],
  ])('a rule file with %s', async (_, text, said) => {
    const { code, stderr } = await scan(url, ['--rules', await file('rules', text)]);
    expect([code, stderr]).toEqual([2, expect.stringContaining(said)]);
    expect(stderr).toMatch(/^couchtide: [^\n]+\n$/);
  });

  test.each([
    ['a database that is not there', () => `${url}/none`, 'check the name of the database'],
    ['a server that nobody lets in', () => server.url, 'COUCHTIDE_USER and COUCHTIDE_PASSWORD'],
    ['a server that is not there', () => 'http://127.0.0.1:1', 'check the address, and that the server runs'],
    ['a directory that is not there', () => join(folder, 'none'), 'There is no store'],
  ])('%s', async (_, what, said) => {
    const { code, stderr, lines } = await scan(what(), ['--secrets', '--json']);
    expect([code, stderr]).toEqual([2, expect.stringContaining(said)]);
    expect(lines).toEqual([expect.objectContaining({ type: 'error', message: expect.stringContaining(said) })]);
  });
});
