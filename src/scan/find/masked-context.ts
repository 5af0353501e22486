import type { CompiledRule } from './compiled-rule.ts';
import type { Match } from './pattern.ts';

/** What stands in the place of what has matched, however long that is. */
const MASK = '***';

/**
 * A match with what stands around it, but not itself, nor anything else in the text that one of the rules has found.
 *
 * @param size how many characters on either side
 *
 * @example the pattern `pin \d+`, with two characters on either side
 * ```text
 * 'my pin 1234.' -> 'y ***.'
 * ```
 */
export function maskedContext(text: string, match: Match, size: number, rules: readonly CompiledRule[]): string {
  const start = Math.max(0, match.index - size);
  const end = Math.min(text.length, endOf(match) + size);
  const spans: (readonly [start: number, end: number])[] = [];
  for (const { pattern } of rules) {
    for (const other of pattern.matches(text)) {
      if (other.index >= end) break;
      if (endOf(other) > start) spans.push([other.index, endOf(other)]);
    }
  }
  let shown = '';
  let at = start;
  for (const [from, to] of spans.sort(([a], [b]) => a - b)) {
    if (from > at || (from === at && shown === '')) shown += `${text.slice(at, from)}${MASK}`;
    // What overlaps with the one before is behind the same mask.
    else if (to > at && !shown.endsWith(MASK)) shown += MASK;
    at = Math.max(at, to);
  }
  return shown + text.slice(at, Math.max(at, end));
}

function endOf(match: Match): number {
  return match.index + (match[0] ?? '').length;
}
