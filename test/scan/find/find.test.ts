import { describe, expect, test } from 'vitest';
import { InputError } from '../../../src/core/errors.ts';
import { createRegistry } from '../../../src/registry/create-registry.ts';
import { constant } from '../../../src/registry/sources/constant.ts';
import { checkRules, find } from '../../../src/scan/find/find.ts';
import { findRules } from '../../../src/scan/find/rule.ts';
import { findIn, findInDoc, type TestDocument } from './driver.ts';

const AWS = 'AKIAIOSFODNN7EXAMPLE';

describe.each([
  ['text', (pattern: string) => pattern],
  ['a RegExp', (pattern: string) => new RegExp(pattern)],
])('find with patterns given as %s', (_, written) => {
  const aws = { aws: written('AKIA[0-9A-Z]{16}') };

  test('tells the places of keys and texts, however deep', async () => {
    const doc = { _id: 'a', k: AWS, l: ['x', `a ${AWS} b`, { [AWS]: 1, '/~': { d: AWS } }], '': { '': AWS } };
    expect(await findInDoc(find(aws), doc)).toEqual([
      { tag: 'aws', where: '/k' },
      { tag: 'aws', where: '/l/1' },
      { tag: 'aws', where: `/l/2/${AWS}`, at: 'key' },
      { tag: 'aws', where: '/l/2/~1~0/d' },
      { tag: 'aws', where: '//' },
    ]);
  });

  test('looks at names of databases and at ids, and tells them apart from bodies (D17)', async () => {
    const database = { name: `db-${AWS}`, docs: [{ _id: AWS, _rev: '1-a', a: AWS }] };
    const about = { tag: 'aws', db: database.name };
    expect(await findIn(find(aws), [database])).toEqual([
      { ...about, where: 'db' },
      { ...about, where: 'id', id: AWS, rev: '1-a' },
      { ...about, where: '/a', id: AWS, rev: '1-a' },
    ]);
  });

  test('looks at the ids of tombstones and not at their bodies', async () => {
    const doc = { _id: AWS, _deleted: true, a: AWS };
    expect(await findInDoc(find(aws), doc)).toEqual([{ tag: 'aws', where: 'id' }]);
  });

  test('tells every tag (D28), and each place once for each', async () => {
    const patterns = { one: written('a+'), two: written('b'), none: written('c') };
    const findings = [
      { tag: 'one', where: '/k' },
      { tag: 'two', where: '/k' },
    ];
    expect(await findInDoc(find(patterns), { _id: '1', k: 'aa b aa b' })).toEqual(findings);
  });

  test.each([
    ['de', 1, false],
    ['de', 1.5, false],
    ['null|true|false', [null, true, false], false],
    ['de', 'xdex', true],
    ['^de', 'dex', true],
    ['^de', 'xdef', false],
    ['k(l|m)$', 'qkl', true],
    ['k(l|m)$', 'klx', false],
    ['de', ['x', 'de'], true],
    ['de', { a: 'de' }, true],
    ['de', { a: { de: 1 } }, true],
    ['^$', '', true],
    ['', 'anything', true],
    ['a.*b', { a: 'b' }, false],
    ['ab', ['a', 'b'], false],
    ['\\bde\\b', 'a de b', true],
    ['\\bde\\b', 'ade', false],
    ['^"', '"quoted"', true],
    ['\\n', 'a\nb', true],
    ['^b$', 'a\nb', false],
    ['\\\\', '\\', true],
    ['caf\\u00e9', 'café', true],
    ['^caf.$', 'café', true],
  ])('tries %j on %j', async (pattern, value, isFound) => {
    const findings = await findInDoc(find({ tag: written(pattern) }), { _id: '1', v: value });
    expect(findings.some(({ where, at }) => where.startsWith('/v') && (where !== '/v' || at !== 'key'))).toBe(isFound);
  });

  test('leaves out what CouchDB reserves at the top, and nothing that is called like it below', async () => {
    const doc = {
      _id: '1',
      _rev: `1-${AWS}`,
      _attachments: { [AWS]: { stub: true } },
      a: { _id: AWS, _attachments: AWS },
    };
    const places = (await findInDoc(find(aws), doc)).map(({ where }) => where);
    expect(places).toEqual(['/a/_id', '/a/_attachments']);
  });

  test('finds what the text of the document writes with escapes', async () => {
    const text = '{"_id":"1","k":"\\u0041KIAIOSFODNN7\\u0045XAMPLE","n":"line\\nline"}';
    expect(await findInDoc(find(aws), text)).toEqual([{ tag: 'aws', where: '/k' }]);
  });

  test('looks into documents that are deeper than there is stack', async () => {
    const depth = 200_000;
    const text = `{"_id":"1","k":${'['.repeat(depth)}"${AWS}"${']'.repeat(depth)}}`;
    expect(await findInDoc(find(aws), text)).toEqual([{ tag: 'aws', where: `/k${'/0'.repeat(depth)}` }]);
  });

  test('refuses to tell places that grow with the square of the document', async () => {
    const depth = 10_000;
    const text = `{"_id":"1","a":${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}}`;
    await expect(findInDoc(find({ tag: written('^a$') }), text)).rejects.toThrow('Limit placesOfDocument exceeded');
  });

  test('looks into texts of 50 MB', async () => {
    const text = `{"_id":"1","k":"${'x'.repeat(50_000_000)} ${AWS}"}`;
    expect(await findInDoc(find(aws), text)).toEqual([{ tag: 'aws', where: '/k' }]);
  });
});

describe('find', () => {
  test.each([{}, [], [{}]])('refuses to begin without patterns: %j (D18)', (patterns) => {
    expect(() => find(patterns)).toThrow(InputError);
    expect(() => find(patterns)).toThrow('There are no patterns to find');
  });

  test.each([
    [{ bad: '([' }, 'The pattern "([" of the rule "bad" cannot be used'],
    [{ good: 'a', worse: '**' }, 'The pattern "**" of the rule "worse" cannot be used'],
    [{ ahead: 'a(?=b)' }, 'no lookaround'],
    [{ back: '(a)\\1' }, 'no backreferences'],
    [{ greedy: 'a++b' }, 'no possessive quantifiers'],
    [{ end: 'a\\Z' }, 'invalid escape sequence: `\\Z`'],
    [{ known: { pattern: 'a', allow: ['('] } }, 'of the rule "known" cannot be used'],
  ])('refuses %j by name (D16)', async (patterns, message) => {
    await expect(findIn(find(patterns), [])).rejects.toThrow(message);
    await expect(findIn(find(patterns), [])).rejects.toThrow(InputError);
    await expect(checkRules(patterns)).rejects.toThrow(message);
  });

  test('refuses what JavaScript does not take either', async () => {
    await expect(checkRules({ bad: '([' }, { native: true })).rejects.toThrow('of the rule "bad" cannot be used');
    await expect(checkRules({ ahead: 'a(?=b)' }, { native: true })).resolves.toBeUndefined();
  });

  test.each([
    ['(?i)PASS', 'a pass', true],
    ['\\Aab', 'abc', true],
    ['bc\\z', 'abc', true],
    ['bc\\z', 'abc\n', false],
    ['[[:cntrl:]]b', 'a\u0001b', true],
    ['(?P<name>a)b', 'ab', true],
    ['(?<name>a)b', 'ab', true],
    ['(?m)^b$', 'a\nb\nc', true],
    ['(?s)a.b', 'a\nb', true],
    ['\\Qa.b\\E', 'a.b', true],
    ['\\Q^a\\E', '^a', true],
    ['\\x41\\x{1F600}', 'A😀', true],
    ['\\u00e9\\uD83D\\ude00', 'é😀', true],
    ['\\u{1f600}', '😀', true],
    ['\\\\u0041', '\\u0041', true],
    ['\\p{Greek}', 'λ', true],
    ['^[]a]+$', ']a', true],
    ['[^]a^$]x', 'bx', true],
    ['a{,3}b', 'a{,3}b', true],
  ])('takes %j as people bring it from elsewhere', async (pattern, text, isFound) => {
    expect(await findInDoc(find({ tag: pattern }), { _id: '', v: text })).toHaveLength(isFound ? 1 : 0);
  });

  test.each([
    ['(?i)PASS', 'a pass'],
    ['(?is)A.B', 'a\nb'],
    ['(?<=a)b', 'ab'],
    ['(a)\\1', 'aa'],
  ])('leaves %j to JavaScript, when asked to', async (pattern, text) => {
    expect(await findInDoc(find({ tag: pattern }, { native: true }), { _id: '', v: text })).toHaveLength(1);
  });

  test('finds by more patterns than one set holds', async () => {
    const tags = Array.from({ length: 300 }, (_, i) => `t${i}`);
    const patterns = Object.fromEntries(tags.map((tag) => [tag, `<${tag}>[a-z]{0,40}</${tag}>`]));
    const doc = { _id: '1', v: tags.map((tag) => `<${tag}>x</${tag}>`), w: '<t1></t2>' };
    const findings = await findInDoc(find(patterns), doc);
    expect(findings).toEqual(tags.map((tag, i) => ({ tag, where: `/v/${i}` })));
  });

  test('takes time in proportion to the text for patterns that would backtrack without end', async () => {
    const text = `${'a'.repeat(100_000)}!`;
    expect(await findInDoc(find({ evil: '(a+)+$', worse: '^(a|a)*$' }), { _id: '1', v: text })).toEqual([]);
  });

  test('neither minds nor moves where a RegExp goes on', async () => {
    const pattern = /a/gy;
    pattern.lastIndex = 3;
    const plugin = find({ tag: pattern });
    for (const _ of [1, 2, 3]) expect(await findInDoc(plugin, { _id: '1', v: 'bab' })).toHaveLength(1);
    expect(pattern.lastIndex).toBe(3);
  });

  test('keeps the other flags of a RegExp', async () => {
    expect(await findInDoc(find({ tag: /^B$/im }), { _id: '1', v: 'a\nb' })).toHaveLength(1);
    expect(await findInDoc(find({ tag: /^.$/u }), { _id: '', w: '😀' })).toEqual([
      { tag: 'tag', where: '/w', at: 'key' },
      { tag: 'tag', where: '/w' },
    ]);
  });

  test('has the flags of a pattern given as text', async () => {
    expect(await findInDoc(find({ tag: { pattern: '^b.c$', flags: 'ims' } }), { _id: '1', v: 'a\nB\nc' })).toHaveLength(
      1,
    );
    expect(() => find({ tag: { pattern: 'a', flags: 'g' } })).toThrow('the flags "g"; there are i, m and s');
  });

  test('looks at numbers as they are written, when asked to', async () => {
    const text =
      '{"_id":"1","_x":{"y":12345},"n":12345678901234567890,"l":[1,{"m/":-12345.50}],"s":"12345","o":{"_rev":123450},"t":true}';
    expect(await findInDoc(find({ tag: '12345' }), text)).toEqual([{ tag: 'tag', where: '/s' }]);
    const digits = { whole: '^12345678901234567890$', part: '12345' };
    expect(await findInDoc(find(digits, { numbers: true }), text)).toEqual([
      { tag: 'part', where: '/s' },
      { tag: 'whole', where: '/n' },
      { tag: 'part', where: '/n' },
      { tag: 'part', where: '/l/1/m~1' },
      { tag: 'part', where: '/o/_rev' },
    ]);
    const escaped = text.replace('true', '"\\n"');
    expect(await findInDoc(find({ end: '50$' }, { numbers: true }), escaped)).toHaveLength(2);
  });

  test('looks at revisions that have lost, when asked to', async () => {
    const doc: TestDocument = [
      { _id: '1', _rev: '3-c', k: 'x' },
      { _id: '1', _rev: '2-b', k: AWS, n: 5 },
      { _id: '1', _rev: '2-a', _deleted: true, k: AWS },
    ];
    const patterns = { aws: 'AKIA', five: '^5$' };
    expect(await findInDoc(find(patterns), doc)).toEqual([]);
    const findings = await findIn(find(patterns, { losers: true, numbers: true }), [{ name: 'db', docs: [doc] }]);
    const about = { db: 'db', id: '1', rev: '2-b' };
    expect(findings).toEqual([
      { ...about, tag: 'aws', where: '/k' },
      { ...about, tag: 'five', where: '/n' },
    ]);
  });

  test('looks at names of attachments, when asked to', async () => {
    const doc = { _id: '1', k: 'line\nline', _attachments: { 'a/b.txt': {}, id_rsa: {} } };
    const patterns = { key: '^id_rsa$' };
    expect(await findInDoc(find(patterns), doc)).toEqual([]);
    const found = [{ tag: 'key', where: '/_attachments/id_rsa', at: 'key' }];
    expect(await findInDoc(find(patterns, { attachments: true }), doc)).toEqual(found);
  });

  test('never tells what has matched, but for the names on the way to it, and not these when asked', async () => {
    const secret = 'hunter2hunter2';
    const doc = { _id: '1', a: { x: 1, [secret]: { deep: secret } }, b: [secret] };
    const plugin = find({ tag: secret }, { hideKeys: true, context: 5 });
    const findings = await findInDoc(plugin, doc);
    expect(findings.map(({ where }) => where)).toEqual(['/a/#1', '/a/#1/deep', '/b/0']);
    expect(JSON.stringify(findings)).not.toContain('hunter');
  });

  test('tells the same fingerprint for the same secret, and another with another key', async () => {
    const doc = { _id: '1', a: 'key=abc', b: 'x key=abc', c: 'key=abd' };
    const prints = async (fingerprintKey: string) =>
      (await findInDoc(find({ tag: 'key=(\\w+)' }, { fingerprintKey }), doc)).map(({ fingerprint }) => fingerprint);
    const [a, b, c] = await prints('mine');
    // printf abc | openssl dgst -sha256 -hmac mine
    expect(a).toBe('7d4963fcac30f30402044c4a56a085c28394b49a3fe481fae183a9d87fa16e9c');
    expect(b).toBe(a);
    expect(c).not.toBe(a);
    expect(await prints('yours')).not.toContain(a);
    await expect(prints('')).rejects.toThrow(InputError);
  });

  test('tells how bad it is, where the rule says so', async () => {
    const rule = { pattern: 'a', severity: 'high', description: 'An a' };
    expect(await findInDoc(find({ tag: rule }), { _id: '1', v: 'a' })).toEqual([
      { tag: 'tag', where: '/v', severity: 'high' },
    ]);
  });

  test('takes lists of rules, and refuses two of the same tag', async () => {
    const plugin = find([{ one: 'a' }, { two: /b/ }, { one: 'a' }]);
    expect(await findInDoc(plugin, { _id: '1', v: 'ab' })).toHaveLength(2);
    expect(() => find([{ one: 'a' }, { one: 'b' }])).toThrow('There are two rules "one"');
    expect(() => find([{ one: 'a' }, { one: /a/ }])).toThrow('There are two rules "one"');
  });

  test.each([[/a/], ['a'], [[null]], [['a']]])('refuses %j, which has no tag or no pattern', (patterns) => {
    expect(() => find(patterns as never)).toThrow(InputError);
  });

  test('takes a rule whose tag is registry for what it is', async () => {
    expect(await findInDoc(find({ registry: 'a' }), { _id: '1', v: 'a' })).toEqual([{ tag: 'registry', where: '/v' }]);
    expect(() => find({ registry: null } as never)).toThrow('The rule "registry" must be a pattern');
  });

  test('has no trouble with tags that objects have members of', async () => {
    const patterns = JSON.parse('{"__proto__": "a", "constructor": "a", "toString": "a"}');
    const tags = (await findInDoc(find(patterns), { _id: '1', v: 'a' })).map(({ tag }) => tag);
    expect(tags).toEqual(['__proto__', 'constructor', 'toString']);
  });
});

describe('find with a registry', () => {
  test('finds what is contributed when it begins', async () => {
    const registry = createRegistry();
    const plugin = find({ registry });
    const doc = { _id: '1', v: 'nuts and secret sauce' };
    await expect(findInDoc(plugin, doc)).rejects.toThrow('There are no patterns to find');
    registry.contribute(findRules, constant({ sauce: { pattern: 'secret sauce' } }), { source: 'kitchen' });
    const before = plugin.configuration;
    expect(await findInDoc(plugin, doc)).toEqual([{ tag: 'sauce', where: '/v' }]);
    const more = registry.contribute(findRules, constant({ nuts: { pattern: /nut/ } }), { source: 'allergies' });
    expect(plugin.configuration).not.toEqual(before);
    expect(await findInDoc(plugin, doc)).toHaveLength(2);
    more.dispose();
    expect(plugin.configuration).toEqual(before);
  });
});
