import { parse } from 'smol-toml';
import { InputError } from '../../../core/errors.ts';
import { excerpt, isJsonObject, type JsonObject } from '../../../core/json-value.ts';
import type { FindAllow, FindRule } from '../rule.ts';
import type { ParsedRules } from './parsed-rules.ts';

/**
 * Rules as gitleaks writes them (https://github.com/gitleaks/gitleaks#configuration). Its patterns expect source files, where a
 * name and what is assigned to it stand in one line; so they are tried on members too.
 *
 * @param check looks at each rule. Given, as what is loaded by itself must need little of what is not
 * @throws InputError for what is no such file, and for one that extends another
 */
export function parseGitleaksRules(text: string, check: (tag: string, rule: unknown) => FindRule): ParsedRules {
  const file = parseToml(text);
  if (file['extend'] !== undefined) {
    throw new InputError(
      'The rule file extends other rules ([extend]), which are not here; put all rules into one file, those of gitleaks from its config/gitleaks.toml',
    );
  }
  const notes: string[] = [];
  const everywhere = allowlistsOf(file);
  const rules = tables(file['rules'], 'rules').flatMap((rule) => {
    const tag = textOf(rule, 'id');
    if (tag === undefined) throw new InputError('The rule file has a rule without an id');
    const about = `The rule ${excerpt(tag)}`;
    const pattern = textOf(rule, 'regex');
    for (const name of Object.keys(rule)) {
      if (!RULE_MEMBERS.has(name)) notes.push(`${about} has "${name}", which means nothing for documents`);
    }
    if (pattern === undefined) {
      notes.push(`${about} has no regex and is left out`);
      return [];
    }
    const concerned = everywhere.filter(({ targetRules }) => !Array.isArray(targetRules) || targetRules.includes(tag));
    const allow = [
      ...allowlistsOf(rule).flatMap((list) => allowOf(list, about, notes)),
      ...concerned.flatMap((list) => allowOf(list, 'The rule file', notes)),
    ];
    return [[tag, check(tag, ruleOf(rule, pattern, allow))] as const];
  });
  return { rules: Object.fromEntries(rules), notes: [...new Set(notes)] };
}

/** What has a meaning here, or none that could be missed. */
const RULE_MEMBERS: ReadonlySet<string> = new Set([
  'id',
  'description',
  'regex',
  'keywords',
  'secretGroup',
  'entropy',
  'allowlist',
  'allowlists',
  'tags',
]);

function ruleOf(
  { description, keywords, secretGroup, entropy }: JsonObject,
  pattern: string,
  allow: FindAllow[],
): unknown {
  return {
    pattern,
    members: true,
    ...(description === undefined ? {} : { description }),
    ...(keywords === undefined ? {} : { keywords }),
    // Both mean nothing when they are 0.
    ...(secretGroup === undefined || secretGroup === 0 ? {} : { secretGroup }),
    ...(entropy === undefined || entropy === 0 ? {} : { entropy }),
    ...(allow.length === 0 ? {} : { allow }),
  } satisfies { [Name in keyof FindRule]: unknown };
}

/** What an allowlist says of secrets; what it says of files and commits goes to the notes. */
function allowOf(list: JsonObject, about: string, notes: string[]): FindAllow[] {
  const ofFiles = ['paths', 'commits'].filter((name) => list[name] !== undefined);
  for (const name of ofFiles) notes.push(`${about} allows by "${name}", which means nothing for documents`);
  const isEvery = /^(and|&&)$/i.test(textOf(list, 'condition') ?? 'or');
  const { regexes: patterns, stopwords, regexTarget: of } = list;
  // All must be there, and of these none ever is.
  if (isEvery && ofFiles.length > 0) return [];
  if (patterns === undefined && stopwords === undefined) return [];
  return [
    {
      ...(patterns === undefined ? {} : { patterns }),
      ...(stopwords === undefined ? {} : { stopwords }),
      ...(of === undefined ? {} : { of }),
      ...(isEvery && patterns !== undefined && stopwords !== undefined ? { both: true } : {}),
      // `checkRule` makes sure of it.
    } as FindAllow,
  ];
}

/** The one list of older files, and the many of newer ones. */
function allowlistsOf(table: JsonObject): JsonObject[] {
  const one = table['allowlist'];
  return [...(one === undefined ? [] : tables([one], 'allowlist')), ...tables(table['allowlists'] ?? [], 'allowlists')];
}

function tables(value: unknown, name: string): JsonObject[] {
  if (Array.isArray(value) && value.every(isJsonObject)) return value;
  throw new InputError(`The rule file must have [[${name}]]`);
}

function textOf(table: JsonObject, name: string): string | undefined {
  const value = table[name];
  if (value === undefined || typeof value === 'string') return value;
  throw new InputError(`The rule file has a "${name}" that is not a text`);
}

function parseToml(text: string): JsonObject {
  try {
    return parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    const [why] = error instanceof Error ? error.message.split('\n') : [String(error)];
    throw new InputError(`The rule file is neither JSON nor TOML: ${why}`, { cause: error });
  }
}
