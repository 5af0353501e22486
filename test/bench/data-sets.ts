import type { Revision } from '../support/documents.ts';

/** Revisions of a kind, made one by one and always the same. */
export interface DataSet {
  readonly title: string;
  /** How many documents `npm run bench` takes, tombstones among them. */
  readonly count: number;
  /** Every leaf of so many documents, with its history. */
  readonly revisions: (count: number) => Iterable<Revision>;
}

/** What a database holds, or what a program says it has of it. */
export interface Contents {
  /** Documents whose winner is no tombstone. */
  readonly documents: number;
  /** Leaf revisions of all documents, those of conflicts and tombstones too. */
  readonly leaves: number;
}

/** What can be measured, by the name that a command line gives it. */
export const dataSets: Readonly<Record<string, DataSet>> = {
  a: {
    title: 'documents of 1 kB, first generation',
    count: 10_000,
    revisions: (count) => documents(count, 17, () => 1),
  },
  b: {
    title: 'documents of 1 kB, fifth generation',
    count: 10_000,
    revisions: (count) => documents(count, 17, () => 5),
  },
  c: {
    title: 'documents of 1 kB, each with two conflicts',
    count: 1000,
    revisions: conflicted,
  },
  d: {
    title: 'documents of 1 kB, of which one in 101 is left and the others are tombstones',
    count: 20_200,
    revisions: deleted,
  },
  mixed: {
    title: 'documents of 0.8 kB, 40 % of them of 2 to 5 generations',
    count: 20_000,
    // Deep ones stand among the others, as edits leave them.
    revisions: (count) => documents(count, 13, (index) => Math.max(1, ((index * 7) % 10) - 4)),
  },
  small: {
    title: 'documents of 0.1 kB, first generation',
    count: 200_000,
    revisions: (count) => documents(count, 1, () => 1),
  },
};

/** @throws Error for a name that no data set has */
export function dataSet(name: string): DataSet {
  const set = Object.hasOwn(dataSets, name) ? dataSets[name] : undefined;
  if (set === undefined) {
    throw new Error(`There is no data set ${JSON.stringify(name)}: name some of ${Object.keys(dataSets).join(', ')}`);
  }
  return set;
}

/** Counts what revisions come to. */
export function contentsOf(revisions: Iterable<Revision>): Contents {
  const alive = new Set<string>();
  let leaves = 0;
  for (const { _id, _deleted } of revisions) {
    leaves += 1;
    if (_deleted !== true) alive.add(_id);
  }
  return { documents: alive.size, leaves };
}

function* documents(count: number, fields: number, generationOf: (index: number) => number): Generator<Revision> {
  for (let index = 0; index < count; index += 1) {
    const generation = generationOf(index);
    yield revision(
      index,
      Array.from({ length: generation }, (_, age) => scatter(index * 8 + generation - age)),
      body(index, fields),
    );
  }
}

function* conflicted(count: number): Generator<Revision> {
  for (let index = 0; index < count; index += 1) {
    for (let branch = 1; branch <= 3; branch += 1) {
      yield revision(index, [scatter(index * 8 + branch), scatter(index * 8)], body(index * 3 + branch, 17));
    }
  }
}

function* deleted(count: number): Generator<Revision> {
  for (let index = 0; index < count; index += 1) {
    yield index % 101 === 0
      ? revision(index, [scatter(index * 8)], body(index, 17))
      : revision(index, [scatter(index * 8 + 1), scatter(index * 8)], { _deleted: true });
  }
}

/** Ids come in no order, as they do from clients that choose them. */
function revision(index: number, ids: readonly string[], members: object): Revision {
  return {
    _id: `doc${scatter(index).slice(0, 12)}`,
    _rev: `${ids.length}-${ids[0]}`,
    _revisions: { start: ids.length, ids },
    ...members,
  };
}

function body(seed: number, fields: number): Record<string, string> {
  const members = Array.from({ length: fields }, (_, field) => [
    `field${field}`,
    `value ${scatter(seed * fields + field).slice(0, 8)} lorem ipsum dolor sit amet `,
  ]);
  return Object.fromEntries(members);
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
