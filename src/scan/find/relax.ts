import type { PatternSource } from './pattern.ts';

/**
 * A pattern that matches wherever the given one does, also when the text stands inside of a larger one, between quotes: without its
 * anchors. What else a pattern says of its surroundings, word boundaries, quotes do not change. Undefined where that cannot be told:
 * for a pattern that looks ahead or behind, for classes in classes, and for what is quoted as a whole.
 *
 * @example
 * ```ts
 * relax({ source: '^-+BEGIN [A-Z^$]+$', flags: '' }, 'linear')?.source; // '(?:)-+BEGIN [A-Z^$]+(?:)'
 * ```
 */
export function relax({ source, flags }: PatternSource, syntax: 'linear' | 'native'): PatternSource | undefined {
  if (/\(\?<?[=!]|\\Q/.test(source) || flags.includes('v')) return undefined;
  const token = syntax === 'linear' ? LINEAR : NATIVE;
  return { source: source.replace(token, (part) => (ANCHORS.has(part) ? '(?:)' : part)), flags };
}

/** An escape, a class as a whole, or a character. A bracket that comes first in a class is a character of it. */
const LINEAR = /\\.|\[\^?\]?(?:\\.|\[:\^?\w+:\]|[^\]\\])*\]|./gs;
/** The same for JavaScript, where a class can be empty. */
const NATIVE = /\\.|\[(?:\\.|[^\]\\])*\]|./gs;
const ANCHORS: ReadonlySet<string> = new Set(['^', '$', '\\A', '\\z']);
