import { arrayElements, objectMembers } from '../../src/core/json-text.ts';

/**
 * Lays a JSON text out for reading, one member or element a line, without changing the text of any value: numbers beyond
 * 2^53 and decimals stay as they were written. Members deeper than 100 levels stay on one line.
 */
export function indentJson(text: string, depth = 0): string {
  const first = text[0];
  if ((first !== '{' && first !== '[') || depth === 100) return text;
  const parts =
    first === '{'
      ? objectMembers(text, 0).map(
          ({ begin, start, end }) => `${nameOf(text, begin, start)}: ${indentJson(text.slice(start, end), depth + 1)}`,
        )
      : arrayElements(text, 0).map(({ start, end }) => indentJson(text.slice(start, end), depth + 1));
  if (parts.length === 0) return first === '{' ? '{}' : '[]';
  const margin = '  '.repeat(depth + 1);
  const close = `\n${'  '.repeat(depth)}${first === '{' ? '}' : ']'}`;
  return `${first}\n${parts.map((part) => margin + part).join(',\n')}${close}`;
}

function nameOf(text: string, begin: number, start: number): string {
  return text.slice(begin, start).replace(/\s*:\s*$/, '');
}
