/** A document with its revision, as `new_edits: false` takes it. */
export interface Revision {
  readonly _id: string;
  readonly _rev: string;
  readonly _revisions?: { readonly start: number; readonly ids: readonly string[] };
  readonly _deleted?: true;
  readonly [member: string]: unknown;
}

/** Small documents of the first generation. */
export function smallDocuments(count: number, prefix = 'doc'): Revision[] {
  return Array.from({ length: count }, (_, index) => ({
    _id: `${prefix}-${index.toString().padStart(7, '0')}`,
    _rev: `1-${index.toString(16).padStart(32, '0')}`,
    number: index,
    text: 'a document of some words',
  }));
}

function revision(_id: string, generation: number, ids: readonly string[], rest: object): Revision {
  return { _id, _rev: `${generation}-${ids[0]}`, _revisions: { start: generation, ids }, ...rest };
}

/** One document of each kind of history. */
export const generations: readonly Revision[] = [
  revision('plain', 1, ['a'], { v: 1 }),
  revision('edited', 3, ['c', 'b', 'a'], { v: 3 }),
  revision('conflicted', 2, ['y', 'a'], { v: 'y' }),
  revision('conflicted', 2, ['z', 'a'], { v: 'z' }),
  revision('born-twice', 1, ['a'], { v: 'a' }),
  revision('born-twice', 1, ['b'], { v: 'b' }),
  revision('deleted', 2, ['d', 'a'], { _deleted: true, why: 'spoiled' }),
  revision('born-dead', 1, ['d'], { _deleted: true }),
  revision('revived', 3, ['r', 'd', 'a'], { v: 'back' }),
  revision('resolved', 2, ['k', 'a'], { v: 'kept' }),
  revision('resolved', 3, ['t', 'l', 'a'], { _deleted: true }),
  revision('stemmed', 40, ['s3', 's2', 's1'], { v: 'old' }),
  revision('_design/app', 2, ['y', 'x'], { views: { all: { map: 'function (doc) { emit(doc._id); }' } } }),
];

const awkwardIds = [
  '4/5', '3&2', '1>0', 'a+b', 'a b', '100%', '50%25', '?', '#', '"q"', "it's", '\\', 'tab\there', 'new\nline', 'é', 'e\u0301', '日本', 'emoji😀',
  '\ue000', '\u{10000}', 'constructor', 'hasOwnProperty', 'toString', '1', '01', 'A', 'a', '..', '.', ' lead', 'trail ', '~', '%2F',
  'x'.repeat(1500), 'x'.repeat(1501), '日'.repeat(600), '_design/é', '_design/a/b',
] as const; // biome-ignore format: a list

/** Documents whose ids, members and values invite mistakes. */
export const awkwardDocuments: readonly Revision[] = [
  ...awkwardIds.map((_id, index) => revision(_id, 1 + (index % 2), index % 2 === 0 ? ['a'] : ['b', 'a'], { index })),
  revision('members', 1, ['a'], {
    seq: 1,
    id: 2,
    rev: 3,
    changes: [{ rev: '9-x' }],
    doc: { _id: 'inner', _rev: '1-inner', _deleted: true, _attachments: {} },
    results: [1],
    last_seq: '"],',
    '1': 1,
    '': '',
    constructor: {},
    nested: { ['__proto__']: { polluted: true } },
  }),
  revision('values', 2, ['b', 'a'], {
    big: 2 ** 53,
    small: 1e-7,
    text: '\u0000\u001f\u007f\u2028\ufeff"\\/',
    deep: JSON.parse(`${'['.repeat(200)}${']'.repeat(200)}`),
  }),
];
