import { canonicalJson } from '../../core/canonical-json.ts';
import { isJsonObject, type JsonObject } from '../../core/json-value.ts';
import type { FindOptions } from './find-options.ts';
import { identityOf, type TaggedRules } from './tagged-rules.ts';

/** All that decides what is found. Patterns are told by their digests: many are long, and a checkpoint is written often. */
export function configurationOf(rules: TaggedRules, { fingerprintKey, ...options }: FindOptions): JsonObject {
  const tags = [...rules].map(([tag, rule]) => [tag, identityOf(rule)] as const);
  return {
    ...Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined && value !== false)),
    ...(fingerprintKey === undefined ? {} : { fingerprints: true }),
    rules: Object.fromEntries(tags.sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}

/** How the rules of one configuration differ from those of an older one. */
export interface RuleChanges {
  readonly added: readonly string[];
  readonly changed: readonly string[];
}

/** What has become of the rules; undefined where more has changed than rules. */
export function ruleChanges(before: JsonObject, now: JsonObject): RuleChanges | undefined {
  const { rules: old, ...oldOptions } = before;
  const { rules, ...options } = now;
  if (!isJsonObject(old) || !isJsonObject(rules) || canonicalJson(oldOptions) !== canonicalJson(options))
    return undefined;
  const tags = Object.keys(rules);
  return {
    added: tags.filter((tag) => !Object.hasOwn(old, tag)),
    changed: tags.filter((tag) => Object.hasOwn(old, tag) && old[tag] !== rules[tag]),
  };
}
