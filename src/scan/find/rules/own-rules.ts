import { InputError } from '../../../core/errors.ts';
import { excerpt, isJsonObject } from '../../../core/json-value.ts';
import { checkRule } from '../check-rule.ts';
import type { FindRule, FindRules } from '../rule.ts';

/** The only version that there is so far. */
const VERSION = 1;

/** Rules as couchtide writes them. */
export function parseOwnRules(text: string): FindRules {
  const file = parseJson(text);
  const { version, rules, allow = [], ...more } = file;
  const [unknown] = Object.keys(more);
  if (unknown !== undefined) {
    throw new InputError(
      `The rule file has a member ${excerpt(unknown)}, which means nothing; there are version, rules, allow`,
    );
  }
  if (version !== VERSION) {
    throw new InputError(`The rule file must say "version": ${VERSION}, not ${JSON.stringify(version) ?? 'nothing'}`);
  }
  if (!isJsonObject(rules)) throw new InputError('The rule file must have "rules", an object of rules by their tags');
  if (!Array.isArray(allow)) throw new InputError('The rule file has an "allow" that is not a list');
  return Object.fromEntries(
    Object.entries(rules).map(([tag, rule]) => [tag, withAllowed(tag, checkRule(tag, rule), allow)]),
  );
}

/** What is harmless everywhere, as what is harmless for this rule. */
function withAllowed(tag: string, rule: FindRule, allow: readonly unknown[]): FindRule {
  return allow.length === 0 ? rule : checkRule(tag, { ...rule, allow: [...(rule.allow ?? []), ...allow] });
}

function parseJson(text: string): Readonly<Record<string, unknown>> {
  let file: unknown;
  try {
    file = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    throw new InputError('The rule file is not JSON', { cause: error });
  }
  if (!isJsonObject(file)) throw new InputError('The rule file must be a JSON object');
  return file;
}
