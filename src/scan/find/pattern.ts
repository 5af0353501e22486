/** A place in a text where a pattern has matched: everything that matched, then the groups. */
export type Match = readonly (string | undefined)[] & { readonly index: number };

/** A pattern that is ready to run. */
export interface Pattern {
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
  pattern(source: PatternSource): Pattern;
  set(sources: readonly PatternSource[]): PatternSet;
}
