import { skipBlank, skipValue } from '../../core/json-text.ts';
import type { BodyString, Step } from './body-strings.ts';

/**
 * The numbers of a document as they are written, however many digits they have, with the places where they stand. Of members that
 * CouchDB reserves (`_rev` and its like) there are none.
 *
 * @param text a JSON object; must be known to parse
 */
export function* bodyNumbers(text: string): Generator<BodyString> {
  const open: Level[] = [];
  for (let at = skipBlank(text, 0); at < text.length; at = skipBlank(text, at)) {
    const level = open.at(-1);
    const first = text.charAt(at);
    if (first === '{' || first === '[') {
      open.push({ isList: first === '[', up: level && stepOf(level), name: '', index: 0 });
      at += 1;
    } else if (first === '}' || first === ']') {
      open.pop();
      at += 1;
    } else if (first === ',') {
      if (level !== undefined) level.index += 1;
      at += 1;
    } else if (first === ':') {
      at += 1;
    } else {
      const end = skipValue(text, at);
      const token = text.slice(at, end);
      at = end;
      if (level === undefined) return;
      if (first === '"') {
        const colon = skipBlank(text, end);
        if (text.charAt(colon) !== ':') continue;
        level.name = String(JSON.parse(token));
        // As a whole, however much there is in it.
        if (open.length === 1 && level.name.startsWith('_')) at = skipValue(text, skipBlank(text, colon + 1));
      } else if (NUMBER.test(token)) {
        yield { text: token, step: stepOf(level), at: 'value' };
      }
    }
  }
}

/** What a number begins with, and `true`, `false` and `null` do not. */
const NUMBER = /^[-\d]/;

interface Level {
  readonly isList: boolean;
  readonly up: Step | undefined;
  name: string;
  index: number;
}

function stepOf({ isList, name, index, up }: Level): Step {
  return isList ? { name: String(index), up } : { name, position: index, up };
}
