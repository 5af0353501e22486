import { InputError } from '../../../core/errors.ts';
import { loadPart } from '../../../core/load-part.ts';
import { checkRule } from '../check-rule.ts';
import { parseOwnRules } from './own-rules.ts';
import type { ParsedRules } from './parsed-rules.ts';

/** How rule files are written: couchtide's own JSON, or the TOML of gitleaks. */
export type RuleFormat = 'json' | 'gitleaks';

/**
 * Reads the text of a rule file. Whether the patterns can be used is for {@link checkRules} to say.
 *
 * couchtide's own are JSON, version 1: rules by their tags, as {@link FindRule} describes them, and under `allow` what is harmless
 * whichever rule has found it. Those of gitleaks are TOML (https://github.com/gitleaks/gitleaks#configuration); what they say of
 * files and commits means nothing here.
 *
 * @param options.format default: what begins like JSON is JSON
 * @throws InputError for what is no such file, has no rules, or names what does not exist
 *
 * @example
 * ```ts
 * const file = '{ "version": 1, "rules": { "aws": { "pattern": "AKIA[0-9A-Z]{16}", "severity": "high" } } }';
 * const { rules } = await parseRules(file);
 * const plugin = find(rules);
 * ```
 */
export async function parseRules(
  text: string,
  { format }: { readonly format?: RuleFormat } = {},
): Promise<ParsedRules> {
  const isJson = format === undefined ? /^\uFEFF?\s*\{/.test(text) : format === 'json';
  const parsed = isJson
    ? { rules: parseOwnRules(text), notes: [] }
    : (await loadPart(import('./gitleaks-rules.ts'))).parseGitleaksRules(text, checkRule);
  if (Object.keys(parsed.rules).length === 0) throw new InputError('The rule file has no rules');
  return parsed;
}
