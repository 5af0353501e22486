import { defineData } from '../../registry/data/data-key.ts';

/** What is looked for under one tag. */
export interface FindRule {
  /**
   * A text is a pattern in the syntax of RE2 (https://github.com/google/re2/wiki/Syntax) with `\uXXXX` besides, which takes time in
   * proportion to what it is run on, whatever it says. A `RegExp` runs as JavaScript has it: one that backtracks without end stalls the
   * scan. Its flags `g` and `y` mean nothing here.
   */
  readonly pattern: string | RegExp;
  /** For a pattern given as text: `i` (case makes no difference), `m` (`^` and `$` at every line), `s` (a dot is any character). */
  readonly flags?: string;
  /** What it finds, for people. */
  readonly description?: string;
  /** How bad that is, such as `high`; told with each finding. */
  readonly severity?: string;
  /**
   * Texts of which one must stand somewhere in the document, in its id, a key or a text, before the pattern is tried; case makes no
   * difference. What most documents do not have makes a rule nearly free.
   */
  readonly keywords?: readonly string[];
  /**
   * Whether the pattern is also tried on each member whose value is a text, written `"name": "value"`, as patterns expect it that are
   * made for source files. Default false: a pattern never spans a name and its value.
   */
  readonly members?: boolean;
  /** The group of the pattern that is the secret. Default: the first one with text in it, or else all that matched. */
  readonly secretGroup?: number;
  /** A match counts when its secret has more than so many bits of entropy a character (Shannon's): chance has some 4, words have 3. */
  readonly entropy?: number;
  /** Matches that are known to be harmless. A pattern alone is about the secret. */
  readonly allow?: readonly (string | RegExp | FindAllow)[];
}

/** Matches that are known to be harmless. */
export interface FindAllow {
  /** One of them matches; see {@link FindRule.pattern}. */
  readonly patterns?: readonly (string | RegExp)[];
  /** One of them stands in the secret; case makes no difference. */
  readonly stopwords?: readonly string[];
  /** What the patterns are about: the secret (default), all that has matched, or the line in which it stands. */
  readonly of?: 'secret' | 'match' | 'line';
  /** Whether both a pattern and a stopword must be there. Default false: one of either will do. */
  readonly both?: boolean;
}

/** Rules by their tags, which is what findings call them. A pattern alone is a rule without anything else. */
export type FindRules = Readonly<Record<string, string | RegExp | FindRule>>;

/**
 * Rules for `find` that others contribute, by tag.
 *
 * @example
 * ```ts
 * const registry = createRegistry();
 * registry.contribute(findRules, constant({ recipe_secret: { pattern: 'secret ingredient: \\w+' } }), { source: 'kitchen' });
 * const plugin = find({ registry });
 * ```
 */
export const findRules = /* @__PURE__ */ defineData<string, FindRule>('couchtide/find-rules', { unordered: true });
