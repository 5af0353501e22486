import type { CompiledRule } from './compiled-rule.ts';
import { KeywordIndex } from './keyword-index.ts';
import type { PatternSet } from './pattern.ts';

/** Rules that one engine tries together. */
export interface RuleGroup {
  readonly rules: readonly CompiledRule[];
  readonly matching: PatternSet;
  /** Matches in a text wherever `matching` does in a part of it; undefined where there is no such thing. */
  readonly anywhere: PatternSet | undefined;
}

/** The rules that may match in the parts of a text. */
export interface ActiveRules {
  readonly groups: readonly RuleGroup[];
  readonly alone: readonly CompiledRule[];
  /** Those of both that are also tried on members. */
  readonly members: readonly CompiledRule[];
}

/**
 * Says which rules match. Rules with keywords are tried one by one, where their keywords are, and all others together: what most
 * documents do not have is not looked at closely, and the rules that are left are one pass over the text.
 */
export class RuleSearch {
  readonly #groups: readonly RuleGroup[];
  readonly #keyed: KeywordIndex<CompiledRule>;
  /** The position of each rule, in whose order they are told. */
  readonly #order: ReadonlyMap<CompiledRule, number>;

  /** @param groups of those that have no keywords */
  constructor(rules: readonly CompiledRule[], groups: readonly RuleGroup[]) {
    this.#groups = groups;
    this.#keyed = new KeywordIndex(rules.filter(hasKeywords).map((rule) => [rule, rule.rule.keywords ?? []]));
    this.#order = new Map(rules.map((rule, i) => [rule, i]));
  }

  /**
   * What may match in the parts of a text.
   *
   * @param whole what the parts stand in, between characters that are no part of words
   */
  activeIn(whole: string): ActiveRules | undefined {
    const groups = this.#groups.filter(({ anywhere }) => anywhere === undefined || anywhere(whole).length > 0);
    const alone = [...this.#keyed.in(whole)];
    if (groups.length === 0 && alone.length === 0) return undefined;
    const members = [...groups.flatMap(({ rules }) => rules), ...alone].filter(({ rule }) => rule.members);
    return { groups, alone, members };
  }

  /** The rules that match in a text which is all there is of what is looked at. */
  matchingAlone(text: string): readonly CompiledRule[] {
    return this.matching(text, { groups: this.#groups, alone: [...this.#keyed.in(text)], members: [] });
  }

  /** The rules that match in a text, in their order. */
  matching(text: string, { groups, alone }: ActiveRules): readonly CompiledRule[] {
    const found: CompiledRule[] = [];
    for (const { rules, matching } of groups) {
      for (const i of matching(text)) {
        const rule = rules[i];
        if (rule?.counts(text)) found.push(rule);
      }
    }
    for (const rule of alone) if (rule.pattern.test(text) && rule.counts(text)) found.push(rule);
    if (found.length < 2) return found;
    return found.sort((a, b) => (this.#order.get(a) ?? 0) - (this.#order.get(b) ?? 0));
  }
}

/** Whether a rule is only tried where one of its keywords is. */
export function hasKeywords({ rule }: CompiledRule): boolean {
  return rule.keywords !== undefined && rule.keywords.length > 0;
}
