/**
 * Tells which of many things a text is about, by keywords in whatever case: one pass over the text for all of them.
 *
 * @example
 * ```ts
 * const index = new KeywordIndex([['nuts', ['almond', 'hazel']], ['milk', ['milk', 'cream']]]);
 * index.in('Almond milk'); // new Set(['nuts', 'milk'])
 * ```
 */
export class KeywordIndex<T> {
  readonly #any: RegExp | undefined;
  /** What each keyword stands for, and with it every keyword that it begins with. */
  readonly #meant = new Map<string, readonly T[]>();
  readonly #size: number;

  constructor(things: readonly (readonly [thing: T, keywords: readonly string[]])[]) {
    const lower = things.map(([thing, keywords]) => [thing, keywords.map((keyword) => keyword.toLowerCase())] as const);
    // Where several begin at the same place, the longest one is found.
    const all = [...new Set(lower.flatMap(([, keywords]) => keywords))].sort((a, b) => b.length - a.length);
    for (const keyword of all) {
      const meant = lower.filter(([, keywords]) => keywords.some((one) => keyword.startsWith(one)));
      this.#meant.set(
        keyword,
        meant.map(([thing]) => thing),
      );
    }
    const literals = all.map((keyword) => keyword.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
    this.#any = literals.length === 0 ? undefined : new RegExp(literals.join('|'), 'g');
    this.#size = things.length;
  }

  /** The things of which a keyword is in a text. */
  in(text: string): ReadonlySet<T> {
    const found = new Set<T>();
    const any = this.#any;
    if (any === undefined) return found;
    const lower = text.toLowerCase();
    any.lastIndex = 0;
    for (let match = any.exec(lower); match !== null && found.size < this.#size; match = any.exec(lower)) {
      for (const thing of this.#meant.get(match[0]) ?? []) found.add(thing);
      // Another one may begin inside of it.
      any.lastIndex = match.index + 1;
    }
    return found;
  }
}
