import type { Chance } from './chance.ts';

/** One row in so many is followed by one that has been told before. */
const REPEATED = 5;

/** The rows that feeds have told last of each document, by its id. */
export type ToldRows = Map<string, string>;

/** What has been told, by this answer and by all. */
interface Told {
  readonly own: ToldRows;
  readonly all: ToldRows;
}

/**
 * The body of a changes feed as a careless middleman passes it on: rows come again, also rows that earlier answers told, and
 * rows between two that carry a sequence change their places. The last word on a document stays the last, and every
 * sequence stays behind the rows that it covers: rows of earlier answers come without theirs, as whoever asks now may not have
 * taken what came before them.
 *
 * @param pieces of a body, broken anywhere
 * @param told what answers have told so far; grows with this one
 */
export async function* shuffleRows(
  pieces: AsyncIterable<Uint8Array>,
  { form, chance, told }: { readonly form: 'list' | 'lines'; readonly chance: Chance; readonly told: ToldRows },
): AsyncGenerator<Uint8Array> {
  const known = { own: new Map<string, string>(), all: told };
  for await (const text of form === 'list' ? gathered(pieces) : wholeLines(pieces)) {
    const lines = text.split('\n');
    const first = lines.findIndex(isRow);
    const rows = lines.filter(isRow).map(withoutComma);
    if (rows.length > 0) {
      // The rows stand together, but for signs of life between those of a live feed.
      const mixed = shuffle(rows, chance, known).join(form === 'list' ? ',\r\n' : '\n');
      const others = lines.filter((line) => !isRow(line));
      others.splice(first, 0, mixed);
      yield new TextEncoder().encode(others.join('\n'));
    } else yield new TextEncoder().encode(text);
  }
}

function isRow(line: string): boolean {
  return /^\{"seq":.*\},?\r?$/.test(line);
}

/** In a list, a comma stands between two rows. */
function withoutComma(line: string): string {
  return line.replace(/,?\r?$/, '');
}

/** Rows in another order, with rows that have been told among them. */
function shuffle(rows: readonly string[], chance: Chance, { own, all }: Told): string[] {
  const result: string[] = [];
  let between: string[] = [];
  let ids = new Set<string>();
  const close = (): void => {
    result.push(...inAnyOrder(between, chance));
    between = [];
    ids = new Set();
  };
  for (const row of rows) {
    const { id, seq } = JSON.parse(row) as { id: string; seq: unknown };
    // A document that changes meanwhile stands twice in a feed: which of its rows is the last is not to change.
    if (seq !== null || ids.has(id)) close();
    (seq === null ? between : result).push(row);
    ids.add(id);
    own.set(id, row);
    all.set(id, row);
    if (chance.between(1, REPEATED) > 1) continue;
    close();
    const [repeated, again] = chance.oneOf([...all]);
    result.push(own.get(repeated) ?? again.replace(/^\{"seq":("[^"]*"|\d+)/, '{"seq":null'));
  }
  close();
  return result;
}

function inAnyOrder<T>(values: readonly T[], chance: Chance): T[] {
  return values
    .map((value) => ({ value, place: chance.next() }))
    .sort((a, b) => a.place - b.place)
    .map(({ value }) => value);
}

async function* gathered(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  yield Buffer.concat(all).toString();
}

/** Texts that end with a line, but for the last one. */
async function* wholeLines(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const piece of pieces) {
    const text = rest + decoder.decode(piece, { stream: true });
    const end = text.lastIndexOf('\n') + 1;
    rest = text.slice(end);
    if (end > 0) yield text.slice(0, end);
  }
  if (rest !== '') yield rest;
}
