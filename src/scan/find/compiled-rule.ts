import { InputError } from '../../core/errors.ts';
import { excerpt } from '../../core/json-value.ts';
import { entropyOf } from './entropy.ts';
import type { Match, Pattern } from './pattern.ts';
import type { FindAllow, FindRule } from './rule.ts';

/** Makes a pattern of a rule ready to run. */
export type CompilePattern = (pattern: string | RegExp, flags?: string) => Pattern;

/** A rule that is ready to run. */
export class CompiledRule {
  readonly tag: string;
  readonly rule: FindRule;
  readonly pattern: Pattern;
  readonly #allow: readonly Allowed[];

  /** @throws InputError for a secret in a group that the pattern does not have */
  constructor(tag: string, rule: FindRule, compile: CompilePattern) {
    this.tag = tag;
    this.rule = rule;
    this.pattern = compile(rule.pattern, rule.flags);
    const { secretGroup = 0 } = rule;
    if (secretGroup > this.pattern.groupCount) {
      throw new InputError(
        `The rule ${excerpt(tag)} says that its secret is group ${secretGroup}, and its pattern has ${this.pattern.groupCount}`,
      );
    }
    this.#allow = (rule.allow ?? []).map((allow) => allowedBy(allow, compile));
  }

  /** Whether there is a match that counts in a text in which the pattern is known to match. */
  counts(text: string): boolean {
    if (this.rule.entropy === undefined && this.#allow.length === 0) return true;
    return this.first(text) !== undefined;
  }

  /** The first match that counts. */
  first(text: string): Match | undefined {
    for (const match of this.pattern.matches(text)) if (!this.#isHarmless(match, text)) return match;
    return undefined;
  }

  /** What is secret of a match. */
  secretOf(match: Match): string {
    const { secretGroup } = this.rule;
    const group = secretGroup === undefined ? match.groups.find(Boolean) : match.groups[secretGroup - 1];
    return group ?? match.text;
  }

  #isHarmless(match: Match, text: string): boolean {
    const secret = this.secretOf(match);
    const { entropy } = this.rule;
    if (entropy !== undefined && entropyOf(secret) <= entropy) return true;
    return this.#allow.some((allows) => allows({ secret, match, text }));
  }
}

/** A match with what is secret of it, and the text that it was found in. */
interface Suspect {
  readonly secret: string;
  readonly match: Match;
  readonly text: string;
}

type Allowed = (suspect: Suspect) => boolean;

function allowedBy(allow: string | RegExp | FindAllow, compile: CompilePattern): Allowed {
  if (typeof allow === 'string' || allow instanceof RegExp) return allowedBy({ patterns: [allow] }, compile);
  const { of = 'secret', both = false } = allow;
  const patterns = (allow.patterns ?? []).map((pattern) => compile(pattern));
  const stopwords = (allow.stopwords ?? []).map((word) => word.toLowerCase());
  return (suspect) => {
    const isMatched = patterns.some((pattern) => pattern.test(subjectOf(suspect, of)));
    if (isMatched !== both) return isMatched;
    const secret = suspect.secret.toLowerCase();
    return stopwords.some((word) => secret.includes(word));
  };
}

function subjectOf({ secret, match, text }: Suspect, of: 'secret' | 'match' | 'line'): string {
  if (of === 'secret') return secret;
  if (of === 'match') return match.text;
  const end = text.indexOf('\n', match.index + match.text.length);
  // No further back than the text begins: what is looked for from -1 on is looked for at 0.
  const start = match.index === 0 ? 0 : text.lastIndexOf('\n', match.index - 1) + 1;
  return text.slice(start, end === -1 ? text.length : end);
}
