import type { CompiledRule } from './compiled-rule.ts';
import type { Match } from './pattern.ts';

/** What stands in the place of what has matched, however long that is. */
const MASK = '***';

/**
 * A match with what stands around it, but not itself, nor anything else in the text that one of the rules has found: of the pattern
 * `pin \d+` in `my pin 1234.`, with two characters on either side, `y ***.`
 *
 * @param size how many characters on either side
 */
export function maskedContext(text: string, match: Match, size: number, rules: readonly CompiledRule[]): string {
  const start = Math.max(0, match.index - size);
  const end = Math.min(text.length, endOf(match) + size);
  let shown = '';
  let at = start;
  for (const [from, to] of spansOf(text, rules, start, end)) {
    shown += text.slice(at, from) + MASK;
    at = to;
  }
  return shown + text.slice(at, Math.max(at, end));
}

type Span = [from: number, to: number];

/** Where the rules match in a part of a text; matches that overlap or touch are one, and none begins before the part. */
function spansOf(text: string, rules: readonly CompiledRule[], start: number, end: number): readonly Span[] {
  const spans: Span[] = [];
  for (const { pattern } of rules) {
    for (const match of pattern.matches(text)) {
      if (match.index >= end) break;
      const from = Math.max(start, match.index);
      if (endOf(match) > from) spans.push([from, endOf(match)]);
    }
  }
  const joined: Span[] = [];
  for (const [from, to] of spans.sort(([a], [b]) => a - b)) {
    const last = joined.at(-1);
    if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], to);
    else joined.push([from, to]);
  }
  return joined;
}

function endOf({ index, text }: Match): number {
  return index + text.length;
}
