import { RE2JS, RE2Set } from 're2js';
import type { Match, PatternEngine, PatternSet, PatternSource } from './pattern.ts';

/** An engine whose patterns take time in proportion to the text, all patterns of a set together in one pass. */
export const linearEngine: PatternEngine = {
  syntax: 'linear',
  pattern(written) {
    const pattern = RE2JS.compile(syntaxOf(written));
    return {
      groupCount: pattern.groupCount(),
      test: (text) => pattern.test(text),
      *matches(text): Generator<Match> {
        const matcher = pattern.matcher(text);
        let at = 0;
        // In long texts it takes a hundred times as long to find where a match is as to tell whether there is one. A part that begins
        // with the character before has every match that is left, as nothing looks further behind.
        while (pattern.test(text.slice(Math.max(0, at - 1))) && matcher.find()) {
          const groups = Array.from({ length: pattern.groupCount() }, (_, i) => matcher.group(i + 1) ?? undefined);
          yield { index: matcher.start(), text: matcher.group() ?? '', groups };
          at = matcher.end();
        }
      },
    };
  },
  set: (written) => setOf(written.map(syntaxOf)),
};

/**
 * How many instructions a set may have. It is run as an automaton whose states are kept once they are known; of much larger sets they
 * are more than there is room for, and it takes a thousand times as long to run without.
 */
const LARGEST_SET = 5000;

/** As one set; in halves where that is larger than it may be. */
function setOf(patterns: readonly string[]): PatternSet {
  const set = new RE2Set();
  for (const pattern of patterns) set.add(pattern);
  if (patterns.length < 2 || !isTooLarge(set)) return (text) => set.match(text);
  const middle = patterns.length >> 1;
  const [low, high] = [setOf(patterns.slice(0, middle)), setOf(patterns.slice(middle))];
  return (text) => [...low(text), ...high(text).map((i) => middle + i)];
}

function isTooLarge(set: RE2Set): boolean {
  try {
    set.compile();
  } catch {
    // What is wrong with a pattern is told when it is added.
    return true;
  }
  return set.prog.numInst() > LARGEST_SET;
}

/**
 * `\uXXXX`, which RE2 does not know, as `\x{XXXX}`. The translation that comes with the engine would do, were it not that it takes
 * escapes which it does not know for plain letters: a `\Z` would look for a Z, and nobody would hear of it.
 */
function syntaxOf({ source, flags }: PatternSource): string {
  const syntax = source.replace(ESCAPE, (escaped, high?: string, low?: string, unit?: string, point?: string) => {
    if (high !== undefined && low !== undefined) return codePoint(JSON.parse(`"\\u${high}\\u${low}"`));
    const code = unit ?? point;
    return code === undefined ? escaped : `\\x{${code}}`;
  });
  return flags === '' ? syntax : `(?${flags})${syntax}`;
}

function codePoint(character: string): string {
  return `\\x{${character.codePointAt(0)?.toString(16)}}`;
}

/** An escape with what it escapes, so that no backslash is taken for a beginning that is itself escaped. */
const ESCAPE =
  /\\(?:u([dD][89abAB][\da-fA-F]{2})\\u([dD][c-fC-F][\da-fA-F]{2})|u([\da-fA-F]{4})|u\{([\da-fA-F]+)\}|.)/gs;
