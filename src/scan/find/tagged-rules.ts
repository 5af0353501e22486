import { canonicalJson } from '../../core/canonical-json.ts';
import { Digest } from '../../core/digest.ts';
import { InputError } from '../../core/errors.ts';
import { excerpt } from '../../core/json-value.ts';
import type { Registry } from '../../registry/registry.ts';
import { checkRule } from './check-rule.ts';
import { type FindRule, type FindRules, findRules } from './rule.ts';

/** What `find` looks for: rules by their tags, those that a registry holds, or a list of such. */
export type FindPatterns = FindRules | FindRulesOf | readonly (FindRules | FindRulesOf)[];

/** The rules that a registry holds, whenever a scan begins. */
export interface FindRulesOf {
  readonly registry: Registry;
}

/** The rules, each checked, by their tags. */
export type TaggedRules = ReadonlyMap<string, FindRule>;

/**
 * Gives everything that is looked for, as it is at the time: the same rules as long as nothing has changed.
 *
 * @throws InputError for what is no rule, and for two rules with the same tag that are not the same; so does what it gives
 */
export function ruleSource(patterns: FindPatterns): () => TaggedRules {
  const parts = partsOf(patterns);
  const read = (): readonly unknown[] => parts.map((part) => (isLive(part) ? part.registry.view(findRules) : part));
  let known = { views: read(), rules: taggedRules(parts) };
  return () => {
    const views = read();
    if (views.some((view, i) => view !== known.views[i])) known = { views, rules: taggedRules(parts) };
    return known.rules;
  };
}

/** Whether what is looked for can change. */
export function canChange(patterns: FindPatterns): boolean {
  return partsOf(patterns).some(isLive);
}

function partsOf(patterns: FindPatterns): readonly (FindRules | FindRulesOf)[] {
  const parts: readonly unknown[] = Array.isArray(patterns) ? patterns : [patterns];
  for (const part of parts) {
    if (typeof part !== 'object' || part === null || part instanceof RegExp) {
      throw new InputError('A pattern needs a tag that findings call it by: { tag: pattern }');
    }
  }
  return parts as readonly (FindRules | FindRulesOf)[];
}

function taggedRules(parts: readonly (FindRules | FindRulesOf)[]): TaggedRules {
  const rules = new Map<string, FindRule>();
  for (const [tag, written] of parts.flatMap(writtenIn)) {
    const rule = checkRule(tag, written);
    const known = rules.get(tag);
    if (known !== undefined && identityOf(known) !== identityOf(rule)) {
      throw new InputError(`There are two rules ${excerpt(tag)}; give one of them another tag`);
    }
    rules.set(tag, rule);
  }
  return rules;
}

function writtenIn(part: FindRules | FindRulesOf): (readonly [tag: string, rule: unknown])[] {
  if (!isLive(part)) return Object.entries(part);
  const entries = part.registry.view(findRules).entries();
  return entries.map(({ key, value }) => [key, value] as const);
}

/** What tells a rule from another, in few characters. */
export function identityOf(rule: FindRule): string {
  const digest = new Digest();
  digest.update(new TextEncoder().encode(canonicalJson(plain(rule))));
  return digest.finish();
}

function isLive(part: FindRules | FindRulesOf): part is FindRulesOf {
  const { registry } = part;
  return typeof registry === 'object' && registry !== null && 'view' in registry;
}

/** With lists for regular expressions, which JSON has none of. */
function plain(value: unknown): unknown {
  if (value instanceof RegExp) return ['RegExp', value.source, value.flags];
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, plain(member)]));
}
