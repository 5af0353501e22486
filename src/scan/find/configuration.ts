import { canonicalJson } from '../../core/canonical-json.ts';
import { isJsonObject, type JsonObject } from '../../core/json-value.ts';
import type { FindOptions } from './find-options.ts';
import { identityOf, type TaggedRules } from './tagged-rules.ts';

/**
 * Gives all that decides what is found, as it is at the time. Rules are told by their digests: many are long, and a checkpoint is
 * written often.
 */
export function configurationSource(rulesNow: () => TaggedRules, options: FindOptions): () => JsonObject {
  let known: { readonly rules: TaggedRules; readonly configuration: JsonObject } | undefined;
  return () => {
    const rules = rulesNow();
    if (known?.rules !== rules) known = { rules, configuration: configurationOf(rules, options) };
    return known.configuration;
  };
}

/** Whether two configurations find the same. */
export function isSameConfiguration(one: JsonObject, other: JsonObject): boolean {
  return one === other || canonicalJson(one) === canonicalJson(other);
}

function configurationOf(rules: TaggedRules, { fingerprintKey, ...options }: FindOptions): JsonObject {
  const chosen = Object.entries(options).filter(([, value]) => value !== undefined && value !== false);
  return {
    ...Object.fromEntries(chosen),
    ...(fingerprintKey === undefined ? {} : { fingerprints: true }),
    rules: Object.fromEntries(Array.from(rules, ([tag, rule]) => [tag, identityOf(rule)])),
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
  if (!isJsonObject(old) || !isJsonObject(rules) || !isSameConfiguration(oldOptions, options)) return undefined;
  const tags = Object.keys(rules);
  return {
    added: tags.filter((tag) => !Object.hasOwn(old, tag)),
    changed: tags.filter((tag) => Object.hasOwn(old, tag) && old[tag] !== rules[tag]),
  };
}
