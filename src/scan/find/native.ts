import type { Match, PatternEngine } from './pattern.ts';

/** The engine of JavaScript itself. It backtracks, so that some patterns take forever on some texts. */
export const nativeEngine: PatternEngine = {
  pattern({ source, flags }) {
    const first = new RegExp(source, flags);
    const every = new RegExp(source, `${flags}g`);
    return {
      test: (text) => first.test(text),
      matches: (text): Iterable<Match> => text.matchAll(every),
    };
  },
  set(sources) {
    const patterns = sources.map(({ source, flags }) => new RegExp(source, flags));
    return (text) => {
      const found: number[] = [];
      for (const [i, pattern] of patterns.entries()) if (pattern.test(text)) found.push(i);
      return found;
    };
  },
};
