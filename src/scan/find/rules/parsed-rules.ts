import type { FindRules } from '../rule.ts';

/** What a rule file says. */
export interface ParsedRules {
  readonly rules: FindRules;
  /** What of it has no meaning here and was left out, each a sentence. */
  readonly notes: readonly string[];
}
