/** A place in a text where a pattern has matched. */
export interface Match {
  /** Where it begins. */
  readonly index: number;
  readonly text: string;
  /** The text of each group, the first one at 0; undefined where a group took no part. */
  readonly groups: readonly (string | undefined)[];
}

/** A pattern that is ready to run. */
export interface Pattern {
  /** How many groups it has. */
  readonly groupCount: number;
  test(text: string): boolean;
  /** Every match, from the left to the right. */
  matches(text: string): Iterable<Match>;
}

/** The patterns of a list that match somewhere in a text, by their positions in the list. */
export type PatternSet = (text: string) => readonly number[];

/** A pattern as it is written. */
export interface PatternSource {
  readonly source: string;
  /** Of `i`, `m` and `s`; what is more belongs to a `RegExp`. */
  readonly flags: string;
}

/** What makes patterns of what is written. Both throw what the engine says where it cannot. */
export interface PatternEngine {
  /** What it runs: the syntax of RE2, or that of JavaScript. */
  readonly syntax: 'linear' | 'native';
  pattern(source: PatternSource): Pattern;
  set(sources: readonly PatternSource[]): PatternSet;
}
