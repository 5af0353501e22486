import { canonicalJson } from '../../core/canonical-json.ts';
import { Digest } from '../../core/digest.ts';
import { InputError } from '../../core/errors.ts';
import { excerpt } from '../../core/json-value.ts';
import type { Registry } from '../../registry/registry.ts';
import { checkRule, type FindRule, type FindRules, findRules } from './rule.ts';

/** What `find` looks for: rules by their tags, those that a registry holds, or a list of such. */
export type FindPatterns = FindRules | FindRulesOf | readonly (FindRules | FindRulesOf)[];

/** The rules that a registry holds, whenever a scan begins. */
export interface FindRulesOf {
  readonly registry: Registry;
}

/** The rules, each checked, by their tags. */
export type TaggedRules = ReadonlyMap<string, FindRule>;

/**
 * Everything that is looked for, as it is now.
 *
 * @throws InputError for what is no rule, and for two rules with the same tag that are not the same
 */
export function taggedRules(patterns: FindPatterns): TaggedRules {
  const rules = new Map<string, FindRule>();
  const add = (tag: string, written: unknown): void => {
    const rule = checkRule(tag, written);
    const known = rules.get(tag);
    if (known !== undefined && identityOf(known) !== identityOf(rule)) {
      throw new InputError(`There are two rules ${excerpt(tag)}; give one of them another tag`);
    }
    rules.set(tag, rule);
  };
  for (const part of Array.isArray(patterns) ? patterns : [patterns]) {
    if (typeof part !== 'object' || part === null || part instanceof RegExp) {
      throw new InputError('A pattern needs a tag that findings call it by: { tag: pattern }');
    }
    if (isFromRegistry(part)) {
      for (const { key, value } of part.registry.view(findRules).entries()) add(key, value);
    } else {
      for (const [tag, rule] of Object.entries(part)) add(tag, rule);
    }
  }
  return rules;
}

/** Whether what is looked for can change. */
export function isLive(patterns: FindPatterns): boolean {
  return (Array.isArray(patterns) ? patterns : [patterns]).some(isFromRegistry);
}

/** What tells a rule from another, in few characters. */
export function identityOf(rule: FindRule): string {
  const digest = new Digest();
  digest.update(new TextEncoder().encode(canonicalJson(plain(rule))));
  return digest.finish();
}

function isFromRegistry(part: object): part is FindRulesOf {
  return 'registry' in part && typeof part.registry === 'object' && part.registry !== null && 'view' in part.registry;
}

/** With lists for regular expressions, which JSON has none of. */
function plain(value: unknown): unknown {
  if (value instanceof RegExp) return ['RegExp', value.source, value.flags];
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, plain(member)]));
}
