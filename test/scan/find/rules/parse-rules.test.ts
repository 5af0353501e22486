import { describe, expect, test } from 'vitest';
import { InputError } from '../../../../src/core/errors.ts';
import { checkRules, find } from '../../../../src/scan/find/find.ts';
import { parseRules } from '../../../../src/scan/find/rules/parse-rules.ts';
import { findInDoc } from '../driver.ts';

describe("couchtide's own rule file", () => {
  test('has rules by their tags, and what is harmless for all of them', async () => {
    const file = {
      version: 1,
      rules: {
        aws: { pattern: 'akia\\w{4}', flags: 'i', severity: 'high', keywords: ['akia'], description: 'An access key' },
        pin: 'pin \\d+',
      },
      allow: ['0000$', { stopwords: ['example'] }],
    };
    const { rules, notes } = await parseRules(JSON.stringify(file));
    expect(notes).toEqual([]);
    const doc = { _id: '1', a: 'AKIA1234', b: 'AKIA0000', c: 'pin 1234', d: 'pin 0000', e: 'akia1234' };
    expect(await findInDoc(find(rules), doc)).toEqual([
      { tag: 'aws', where: '/a', severity: 'high' },
      { tag: 'pin', where: '/c' },
      { tag: 'aws', where: '/e', severity: 'high' },
    ]);
  });

  test('may begin with a byte order mark and white space', async () => {
    const { rules } = await parseRules('\uFEFF\n {"version":1,"rules":{"a":"b"}}');
    expect(rules).toEqual({ a: { pattern: 'b' } });
  });

  test.each([
    ['{', 'The rule file is not JSON'],
    ['{"rules":{"a":"b"}}', 'The rule file must say "version": 1, not nothing'],
    ['{"version":2,"rules":{"a":"b"}}', 'The rule file must say "version": 1, not 2'],
    ['{"version":1}', 'The rule file must have "rules"'],
    ['{"version":1,"rules":["a"]}', 'The rule file must have "rules"'],
    ['{"version":1,"rules":{}}', 'The rule file has no rules'],
    ['{"version":1,"rules":{"a":"b"},"rule":{}}', 'The rule file has a member "rule", which means nothing'],
    ['{"version":1,"rules":{"a":"b"},"allow":"c"}', 'The rule file has an "allow" that is not a list'],
    ['{"version":1,"rules":{"a":"b"},"allow":[1]}', 'The rule "a" allows what is neither a pattern nor an object'],
    ['{"version":1,"rules":{"a":{"regex":"b"}}}', 'The rule "a" has a member "regex", which means nothing'],
    ['{"version":1,"rules":{"":"b"}}', 'A rule has no tag'],
  ])('%s is refused (D21)', async (text, message) => {
    await expect(parseRules(text, { format: 'json' })).rejects.toThrow(message);
    await expect(parseRules(text)).rejects.toThrow(InputError);
  });
});

const GITLEAKS = `
title = "rules of a kitchen"

[allowlist]
description = "harmless anywhere"
paths = ['''(?i)\\.png$''']
regexes = ['''^\\$\\{\\w+\\}$''']

[[allowlists]]
targetRules = ["token"]
stopwords = ["sample"]

[[rules]]
id = "token"
description = "A token"
regex = '''(?i)[\\w.-]{0,50}?(?:kitchen)(?:[ \\t\\w.-]{0,20})[\\s'"]{0,3}(?:=|>|:{1,3}=|:|=>|,)[\\x60'"\\s=]{0,5}([a-z0-9_$\\{\\}-]{8,32})(?:[\\x60'"\\s;]|$)'''
entropy = 2
keywords = ["kitchen"]
tags = ["key"]

[[rules]]
id = "key"
regex = '''(\\w+)-key-(\\w+)'''
secretGroup = 2
keywords = ["-key-"]
  [rules.allowlist]
  regexTarget = "match"
  regexes = ["^test-"]
  [[rules.allowlists]]
  condition = "AND"
  regexes = ["^a"]
  stopwords = ["z"]
  [[rules.allowlists]]
  condition = "AND"
  paths = ["x"]
  regexes = ["."]

[[rules]]
id = "file"
path = "id_rsa"
`;

describe('a rule file of gitleaks', () => {
  test('is read with all that means something for documents, and notes on the rest', async () => {
    const { rules, notes } = await parseRules(GITLEAKS);
    expect(Object.keys(rules)).toEqual(['token', 'key']);
    expect(notes).toEqual([
      'The rule file allows by "paths", which means nothing for documents',
      'The rule "key" allows by "paths", which means nothing for documents',
      'The rule "file" has "path", which means nothing for documents',
      'The rule "file" has no regex and is left out',
    ]);
    await checkRules(rules);
    const doc = {
      _id: '1',
      kitchen_token: 'a1b2c3d4',
      kitchen: { token: 'a1b2c3d4' },
      text: 'KITCHEN_KEY = "q8w7e6r5"',
      dull: 'kitchen: aaaaaaaa',
      kitchenSample: 'sample-a1b2c3',
      kitchenVariable: `\${VARIABLE}`,
      keys: ['my-key-abc', 'test-key-abc', 'my-key-axz', 'my-key-bz', 'sample-key-b'],
    };
    const places = (await findInDoc(find(rules), doc)).map(({ tag, where }) => `${tag} ${where}`);
    expect(places).toEqual(['token /kitchen_token', 'token /text', 'key /keys/0', 'key /keys/3', 'key /keys/4']);
  });

  test.each([
    ['[extend]\nuseDefault = true', 'The rule file extends other rules ([extend]), which are not here'],
    ['[extend]\npath = "x"', 'The rule file extends other rules'],
    ['[[rules]]\nregex = "a"', 'The rule file has a rule without an id'],
    ['[[rules]]\nid = 1', 'The rule file has a "id" that is not a text'],
    ['[rules]\nid = "a"', 'The rule file must have [[rules]]'],
    [
      '[[rules]]\nid = "a"\nregex = "b"\nkeywords = "c"',
      'The rule "a" has a member "keywords" that is not a list of texts',
    ],
    [
      '[[rules]]\nid = "a"\nregex = "b"\n[[rules.allowlists]]\nregexTarget = "file"\nregexes = ["a"]',
      'that is not "secret"',
    ],
    ['title = "none"', 'The rule file must have [[rules]]'],
    ['rules = []', 'The rule file has no rules'],
    ['rules = [', 'The rule file is neither JSON nor TOML: '],
    ['<html>', 'The rule file is neither JSON nor TOML: '],
  ])('%j is refused', async (text, message) => {
    await expect(parseRules(text, { format: 'gitleaks' })).rejects.toThrow(message);
    await expect(parseRules(text)).rejects.toThrow(InputError);
  });

  test('names the rule whose pattern RE2 cannot express', async () => {
    const { rules } = await parseRules('[[rules]]\nid = "ahead"\nregex = "a(?=b)"');
    await expect(checkRules(rules)).rejects.toThrow('The pattern "a(?=b)" of the rule "ahead" cannot be used');
  });
});
