import type { Match, PatternEngine, PatternSource } from './pattern.ts';

/** The engine of JavaScript itself. It backtracks, so that some patterns take forever on some texts. */
export const nativeEngine: PatternEngine = {
  syntax: 'native',
  pattern(written) {
    const { source, flags } = syntaxOf(written);
    const first = new RegExp(source, flags);
    const every = new RegExp(source, `${flags}g`);
    return {
      // With an empty alternative it matches anything, and says what its groups are.
      groupCount: (new RegExp(`${source}|`, flags).exec('')?.length ?? 1) - 1,
      test: (text) => first.test(text),
      *matches(text): Generator<Match> {
        for (const found of text.matchAll(every)) {
          const [matched, ...groups] = found;
          yield { index: found.index, text: matched, groups };
        }
      },
    };
  },
  set(sources) {
    const patterns = sources.map(syntaxOf).map(({ source, flags }) => new RegExp(source, flags));
    return (text) => {
      const found: number[] = [];
      for (const [i, pattern] of patterns.entries()) if (pattern.test(text)) found.push(i);
      return found;
    };
  },
};

/** With the flags in front of a pattern, `(?i)`, where JavaScript has them. */
function syntaxOf({ source, flags }: PatternSource): PatternSource {
  const [inFront, more = ''] = /^\(\?([ims]+)\)/.exec(source) ?? [''];
  return { source: source.slice(inFront.length) || '(?:)', flags: [...new Set(flags + more)].join('') };
}
