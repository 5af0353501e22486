import { describe, expect, test } from 'vitest';
import { compareJson } from '../../demo/server/collation.ts';
import { isObject, type JsonObject, writeJson } from '../../demo/server/json.ts';
import { parseJson } from '../../demo/server/json-parse.ts';
import { Refusal } from '../../demo/server/model.ts';
import { compileSelector } from '../../demo/server/selector.ts';
import { projectFields } from '../../demo/server/selector-field.ts';

function object(text: string): JsonObject {
  const value = parseJson(text);
  if (!isObject(value)) throw new TypeError(`${text} is no object`);
  return value;
}

const DOCUMENT = object(`{
  "_id": "b", "n": 5, "big": 9007199254740993, "s": "text", "null": null, "no": false, "a": {"b": {"c": 1}}, "x.y": 7,
  "list": [1, "two", {"k": 3}], "numbers": [1, 2, 3], "empty": [], "map": {"one": 1, "two": 2}
}`);

function selects(selector: string): boolean {
  return compileSelector(parseJson(selector))(DOCUMENT);
}

describe('compileSelector', () => {
  test.each([
    // Equality and paths
    ['{}', true],
    ['{"n":5}', true],
    ['{"n":6}', false],
    ['{"n":5,"s":"text"}', true],
    ['{"n":5,"s":"other"}', false],
    ['{"null":null}', true],
    ['{"missing":null}', false],
    ['{"a.b.c":1}', true],
    ['{"a":{"b":{"c":1}}}', true],
    ['{"a":{"b":{"$eq":{"c":1}}}}', true],
    ['{"x\\\\.y":7}', true],
    ['{"x.y":7}', false],
    ['{"list.2.k":3}', true],
    ['{"list.9":3}', false],
    ['{"n.b":5}', false],
    // Comparisons, in the order of views
    ['{"n":{"$gt":4,"$lt":6}}', true],
    ['{"n":{"$gte":5,"$lte":5}}', true],
    ['{"n":{"$gt":5}}', false],
    ['{"n":{"$lt":"a"}}', true],
    ['{"n":{"$gt":true}}', true],
    ['{"big":{"$gt":9007199254740992}}', true],
    ['{"big":9007199254740992}', false],
    ['{"n":{"$ne":4}}', true],
    ['{"missing":{"$ne":4}}', false],
    ['{"_id":{"$gt":"B"}}', true],
    ['{"s":{"$gt":"TEXT"}}', false],
    // Membership
    ['{"n":{"$in":[4,5]}}', true],
    ['{"n":{"$in":[]}}', false],
    ['{"numbers":{"$in":[9,3]}}', true],
    ['{"n":{"$nin":[4,6]}}', true],
    ['{"n":{"$nin":[]}}', true],
    ['{"numbers":{"$nin":[3]}}', false],
    ['{"missing":{"$nin":[3]}}', false],
    ['{"numbers":{"$all":[1,3]}}', true],
    ['{"numbers":{"$all":[1,4]}}', false],
    ['{"numbers":{"$all":[1.0]}}', false],
    ['{"numbers":{"$all":[[1,2,3]]}}', true],
    ['{"numbers":{"$all":[]}}', false],
    ['{"n":{"$all":[5]}}', false],
    // Kinds
    ['{"missing":{"$exists":false}}', true],
    ['{"n":{"$exists":false}}', false],
    ['{"null":{"$exists":true}}', true],
    ['{"n":{"$type":"number"}}', true],
    ['{"list":{"$type":"array"}}', true],
    ['{"a":{"$type":"object"}}', true],
    ['{"null":{"$type":"null"}}', true],
    ['{"no":{"$type":"boolean"}}', true],
    ['{"s":{"$type":"number"}}', false],
    ['{"empty":{"$size":0}}', true],
    ['{"numbers":{"$size":2}}', false],
    ['{"s":{"$size":4}}', false],
    ['{"n":{"$mod":[3,2]}}', true],
    ['{"n":{"$mod":[3,1]}}', false],
    ['{"s":{"$mod":[3,1]}}', false],
    ['{"s":{"$regex":"^te.t$"}}', true],
    ['{"n":{"$regex":"5"}}', false],
    ['{"s":{"$beginsWith":"te"}}', true],
    ['{"s":{"$beginsWith":"ext"}}', false],
    ['{"n":{"$beginsWith":"5"}}', false],
    // Combinations
    ['{"$and":[{"n":5},{"s":"text"}]}', true],
    ['{"$and":[]}', true],
    ['{"$or":[{"n":6},{"s":"text"}]}', true],
    ['{"$or":[{"n":6},{"s":"other"}]}', false],
    ['{"$or":[]}', true],
    ['{"$nor":[{"n":6},{"s":"other"}]}', true],
    ['{"$nor":[{"n":5}]}', false],
    ['{"n":{"$or":[5,6]}}', true],
    // Negation also asks that the field be there
    ['{"$not":{"n":6}}', true],
    ['{"$not":{"missing":6}}', false],
    ['{"$not":{"missing":{"$exists":true}}}', true],
    ['{"$not":{"$not":{"n":5}}}', true],
    ['{"$not":{"n":5,"s":"other"}}', true],
    ['{"$not":{"$or":[{"n":6},{"s":"other"}]}}', true],
    ['{"$not":{"$and":[{"n":5},{"s":"text"}]}}', false],
    ['{"$not":{"$nor":[{"n":5}]}}', true],
    ['{"n":{"$not":{"$gt":5}}}', true],
    ['{"n":{"$not":{"$in":[5]}}}', false],
    ['{"s":{"$not":{"$regex":"x$"}}}', true],
    ['{"missing":{"$not":{"$regex":"x$"}}}', false],
    // Lists and keys
    ['{"list":{"$elemMatch":{"k":{"$gt":2}}}}', true],
    ['{"numbers":{"$elemMatch":{"$gt":2,"$lt":4}}}', true],
    ['{"numbers":{"$elemMatch":{"$gt":3}}}', false],
    ['{"n":{"$elemMatch":{"$gt":3}}}', false],
    ['{"numbers":{"$allMatch":{"$gt":0}}}', true],
    ['{"numbers":{"$allMatch":{"$gt":1}}}', false],
    ['{"empty":{"$allMatch":{"$gt":1}}}', false],
    ['{"map":{"$keyMapMatch":{"$eq":"two"}}}', true],
    ['{"map":{"$keyMapMatch":{"$eq":"three"}}}', false],
    ['{"n":{"$keyMapMatch":{"$eq":"two"}}}', false],
    ['{"numbers":{"$not":{"$elemMatch":{"$gt":3}}}}', true],
    // Inside of lists a negation turns the answer round
    ['{"list":{"$elemMatch":{"$not":{"missing":1}}}}', true],
    ['{"list":{"$allMatch":{"$nor":[{"k":4}]}}}', true],
  ])('%s: %s', (selector, expected) => {
    expect(selects(selector)).toBe(expected);
  });

  test.each([
    ['[]', 'invalid_selector_json', 'Selector must be a JSON object'],
    ['{"a":{"$bogus":1}}', 'invalid_operator', 'Invalid operator: $bogus'],
    ['{"a":{"$where":1}}', 'not_supported', 'Unsupported operator: $where'],
    ['{"$eq":1}', 'invalid_selector', 'One or more conditions is missing a field name.'],
    ['{"$not":{"$eq":1}}', 'invalid_selector', 'One or more conditions is missing a field name.'],
    ['{"":1}', 'invalid_selector', 'One or more conditions is missing a field name.'],
    ['{"a..b":1}', 'invalid_field_name', 'Invalid field name: a..b'],
    ['{"$and":1}', 'bad_arg', 'Bad argument for operator $and: 1'],
    ['{"$not":"x"}', 'bad_arg', 'Bad argument for operator $not: <<120>>'],
    ['{"a":{"$in":{"b":[1]}}}', 'bad_arg', 'Bad argument for operator $in: {[{<<98>>,[1]}]}'],
    ['{"a":{"$nin":null}}', 'bad_arg', 'Bad argument for operator $nin: null'],
    ['{"a":{"$all":1}}', 'bad_arg', 'Bad argument for operator $all: 1'],
    ['{"a":{"$exists":1}}', 'bad_arg', 'Bad argument for operator $exists: 1'],
    ['{"a":{"$type":1}}', 'bad_arg', 'Bad argument for operator $type: 1'],
    ['{"a":{"$size":-1}}', 'bad_arg', 'Bad argument for operator $size: -1'],
    ['{"a":{"$mod":[0,1]}}', 'bad_arg', 'Bad argument for operator $mod: [0,1]'],
    ['{"a":{"$mod":[1]}}', 'bad_arg', 'Bad argument for operator $mod: [1]'],
    ['{"a":{"$regex":"("}}', 'bad_arg', 'Bad argument for operator $regex: <<40>>'],
    ['{"a":{"$beginsWith":1}}', 'bad_arg', 'Bad argument for operator $beginsWith: 1'],
    ['{"a":{"$elemMatch":1}}', 'bad_arg', 'Bad argument for operator $elemMatch: 1'],
  ])('refuses %s', (selector, error, reason) => {
    const act = (): unknown => compileSelector(parseJson(selector));
    expect(act).toThrow(Refusal);
    expect(act).toThrow(`400 ${error}: ${reason}`);
  });
});

test('projectFields keeps the named fields, each at its place', () => {
  const fields = ['_id', 'a.b.c', 'missing', 'n.x', 'list.1', 'x\\.y'];
  expect(writeJson(projectFields(DOCUMENT, fields))).toBe('{"_id":"b","a":{"b":{"c":1}},"list":{"1":"two"},"x.y":7}');
});

test('compareJson orders values as views do', () => {
  const ordered = [
    'null',
    'false',
    'true',
    '-1',
    '0.5',
    '1',
    '9007199254740992',
    '9007199254740993',
    '"a"',
    '"A"',
    '"ä"',
    '"aa"',
    '"b"',
    '[]',
    '["a"]',
    '["a",1]',
    '["b"]',
    '{}',
    '{"a":1}',
    '{"a":2}',
    '{"a":2,"b":1}',
    '{"b":1}',
  ];
  const shuffled = [...ordered].reverse().map((text) => parseJson(text));
  expect(shuffled.sort(compareJson).map(writeJson)).toEqual(ordered);
});
