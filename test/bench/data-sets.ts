import type { Revision } from '../support/documents.ts';

/** Documents of a kind, made one by one and always the same. */
export interface DataSet {
  readonly title: string;
  /** How many documents `npm run bench` takes. */
  readonly count: number;
  readonly documents: (count: number) => Iterable<Revision>;
}

/** What can be measured, by the name that a command line gives it. */
export const dataSets: Readonly<Record<string, DataSet>> = {
  'generation-1': {
    title: 'documents of the first generation, 0.8 kB each',
    count: 40_000,
    documents: (count) => documents(count, 12, () => 1),
  },
  'half-deep': {
    title: 'documents of 0.8 kB, 40 % of them of 2 to 5 generations',
    count: 20_000,
    // Deep ones stand among the others, as edits leave them.
    documents: (count) => documents(count, 12, (index) => Math.max(1, 2 + ((index * 7) % 10) - 5)),
  },
  small: {
    title: 'documents of the first generation, 0.1 kB each',
    count: 200_000,
    documents: (count) => documents(count, 1, () => 1),
  },
};

/** @throws Error for a name that no data set has */
export function dataSet(name: string | undefined): DataSet {
  const set = name === undefined ? undefined : dataSets[name];
  if (set === undefined)
    throw new Error(`There is no data set ${name}: name one of ${Object.keys(dataSets).join(', ')}`);
  return set;
}

function* documents(count: number, fields: number, generationOf: (index: number) => number): Generator<Revision> {
  for (let index = 0; index < count; index += 1) {
    const generation = generationOf(index);
    const ids = Array.from({ length: generation }, (_, age) => scatter(index * 8 + generation - age));
    const members = Array.from({ length: fields }, (_, field) => [
      `field${field}`,
      `value ${scatter(index * fields + field).slice(0, 8)} lorem ipsum dolor sit amet `,
    ]);
    yield {
      // Ids come in no order, as they do from clients that choose them.
      _id: `doc${scatter(index).slice(0, 12)}`,
      _rev: `${generation}-${ids[0]}`,
      _revisions: { start: generation, ids },
      ...Object.fromEntries(members),
    };
  }
}

/** 32 hexadecimal digits that look random, different for every number below 2^32. */
function scatter(number: number): string {
  let digits = '';
  for (let word = 0; word < 4; word += 1) {
    // Two rounds of a mixing step that loses nothing (the finalizer of MurmurHash3).
    let mixed = (number + word * 0x9e3779b9) | 0;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    digits += ((mixed ^ (mixed >>> 16)) >>> 0).toString(16).padStart(8, '0');
  }
  return digits;
}
