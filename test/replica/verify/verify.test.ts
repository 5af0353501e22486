import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { fsKv } from '../../../adapters/fs/index.ts';
import { isClosedError, isContentionError, isStoreError } from '../../../src/core/errors.ts';
import { platform } from '../../../src/core/platform.ts';
import { decodeJson, encodeJson } from '../../../src/kv/json.ts';
import type { Entry, Key, Kv } from '../../../src/kv/kv.ts';
import { list } from '../../../src/kv/list.ts';
import { memoryKv } from '../../../src/kv/memory.ts';
import { isSameKey, Layout } from '../../../src/replica/layout.ts';
import { PageStorage } from '../../../src/replica/pages/page-storage.ts';
import { openReplica, type Replica } from '../../../src/replica/replica.ts';
import type { BodyPlace } from '../../../src/replica/storage.ts';
import type { RevisionToWrite } from '../../../src/replica/target.ts';
import type { VerifyEvent, VerifyProblem } from '../../../src/replica/verify/event.ts';
import type { VerifyOptions } from '../../../src/replica/verify/verify.ts';
import { emptyTree } from '../../../src/revs/tree.ts';
import { denoKvLimits } from '../../contract/memory.ts';
import { revision } from '../../support/revision.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { Damager } from './damage.ts';

const LONG_ID = 'x'.repeat(700);
const LARGE_TEXT = Array.from({ length: 3 }, (_, index) => `文😀${index}`.repeat(9000)).join('');

/** What the sample replica is made of: each batch has a run and a segment of its own, and its changes are counted on. */
const batches: readonly (readonly RevisionToWrite[])[] = [
  /* run 1, segment 2, change 1 */ [revision('plain', 'a', { v: 'Ü' })],
  /* run 3, segment 4, change 2 */ [revision('conflicted', 'y a', { v: 1 }), revision('conflicted', 'z a', { v: 2 })],
  /* run 5, segment 6, change 3 */ [revision('deleted', 'd a', { why: 'spoiled' }, { deleted: true })],
  /* run 7, segment 8, change 4 */ [
    revision('photo', 'a', {}, { attachments: '{"a":{"stub":true},"b":{"stub":true}}' }),
  ],
  /* run 9, segment 10, change 5 */ [revision(LONG_ID, 'a', { v: 'long' })],
  /* run 11, segment 12, change 6 */ [revision('large', 'a', { text: LARGE_TEXT })],
];
const failure = { id: 'lost', rev: '1-a', reason: 'The source could not give it' };
const checkpoint = { id: 'pull', value: { source: 'http://127.0.0.1/recipes', seq: '6-x' } };

async function fill(kv: Kv, name = 'recipes'): Promise<Replica> {
  const replica = await openReplica(kv, name);
  for (const revisions of batches) await replica.writeBatch({ revisions });
  await replica.writeBatch({ revisions: [], failures: [failure], checkpoint });
  return replica;
}

async function eventsOf(replica: Replica, options?: VerifyOptions): Promise<VerifyEvent[]> {
  const events: VerifyEvent[] = [];
  for await (const event of replica.verify(options)) events.push(event);
  return events;
}

async function problemsOf(replica: Replica): Promise<Omit<VerifyProblem, 'type'>[]> {
  const events = await eventsOf(replica);
  const problems = events.filter((event) => event.type === 'problem');
  expect(events.at(-1)).toMatchObject({ type: 'summary', problems: problems.length });
  return problems.map(({ type: _, ...rest }) => rest);
}

const stores: readonly (readonly [string, () => Promise<Kv>])[] = [
  ['memory', async () => memoryKv()],
  ['memory with the limits of Deno KV', async () => memoryKv({ limits: denoKvLimits })],
  [
    'fs',
    async () => {
      const kv = await fsKv(await temporaryDirectory());
      onTestFinished(() => kv.close());
      return kv;
    },
  ],
];

describe.each(stores)('A sound replica in %s', (_, open) => {
  test('has no problems', async () => {
    const replica = await fill(await open());
    const events = await eventsOf(replica);
    expect(events.filter(({ type }) => type !== 'progress')).toEqual([
      { type: 'failed', ...failure, attempts: 1 },
      {
        type: 'summary',
        documents: 6,
        revisions: 7,
        bytes: batches.flat().reduce((sum, { body }) => sum + Buffer.byteLength(body), 0),
        problems: 0,
        failed: 1,
        reclaimable: { records: 0, bytes: 0 },
        source: undefined,
      },
    ]);
    expect(events.filter(({ type }) => type === 'progress').at(-1)).toEqual({
      type: 'progress',
      part: 'replica',
      documents: 6,
      expected: 6,
    });
  });

  test('has none when nothing has been written to it, and beside another', async () => {
    const kv = await open();
    const empty = await openReplica(kv, 'recipes');
    await fill(kv, 'recipes2');
    expect((await eventsOf(empty)).filter(({ type }) => type !== 'progress')).toMatchObject([
      { type: 'summary', documents: 0, problems: 0, failed: 0 },
    ]);
  });
});

describe('A replica whose documents have changed', () => {
  test.each(['leaves', 'all'] as const)('is sound where it keeps the bodies of %s', async (keep) => {
    const replica = await openReplica(memoryKv(), 'recipes', { keep });
    await replica.writeBatch({ revisions: [revision('a', 'x', { v: 'first' }), revision('b', 'x')] });
    await replica.writeBatch({ revisions: [revision('a', 'y x', { v: 'second' })] });
    await replica.writeBatch({ revisions: [revision('b', 'y x', {}, { deleted: true })] });
    const dropped = '{"v":"first"}{}'.length;
    expect((await eventsOf(replica)).at(-1)).toMatchObject({
      problems: 0,
      documents: 2,
      revisions: keep === 'all' ? 4 : 2,
      reclaimable: keep === 'all' ? { records: 0, bytes: 0 } : { records: 1, bytes: dropped },
    });
  });

  test('can do without a segment of many parts', async () => {
    const replica = await openReplica(memoryKv({ limits: { valueBytes: 1024 } }), 'recipes');
    await replica.writeBatch({ revisions: [revision('a', 'x', { text: 'x'.repeat(5000) })] });
    await replica.writeBatch({ revisions: [revision('a', 'y x')] });
    expect((await eventsOf(replica)).at(-1)).toMatchObject({
      problems: 0,
      reclaimable: { records: 5, bytes: 5000 + '{"text":""}'.length },
    });
  });

  test('is sound, however it came about', async () => {
    const revisionOf = fc.record({
      id: fc.constantFrom('a', 'b', LONG_ID, `${LONG_ID}2`),
      // A way from the root up. An id tells the whole way to it, so that no revision has two parents.
      way: fc.string({ unit: fc.constantFrom('p', 'q'), minLength: 1, maxLength: 4 }),
      /** How much of the ancestry is shown. */
      shown: fc.integer({ min: 1, max: 4 }),
      deleted: fc.boolean(),
      stubs: fc.integer({ min: 0, max: 2 }),
    });
    const batch = fc.array(revisionOf, { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(fc.array(batch, { maxLength: 8 }), fc.constantFrom('leaves', 'all'), async (all, keep) => {
        const replica = await openReplica(memoryKv(), 'recipes', { keep });
        for (const written of all) {
          const revisions = written.map(({ id, way, shown, deleted, stubs }): RevisionToWrite => {
            const ids = Array.from({ length: Math.min(shown, way.length) }, (_, back) =>
              way.slice(0, way.length - back),
            );
            const revisions = { start: way.length, ids };
            const sound = { id, rev: `${way.length}-${way}`, revisions, deleted, body: JSON.stringify({ way }) };
            const attachments = JSON.stringify(Object.fromEntries([...Array(stubs).keys()].map((name) => [name, {}])));
            return stubs > 0 ? { ...sound, attachments } : sound;
          });
          await replica.writeBatch({
            revisions,
            failures: revisions.slice(0, 1).map(({ id }) => ({ ...failure, id })),
          });
        }
        expect(await problemsOf(replica)).toEqual([]);
      }),
    );
  });
});

describe('What is damaged is named:', () => {
  type Case = readonly [what: string, damage: (damager: Damager) => Promise<unknown>, problems: readonly object[]];

  const segment = (number: number): Key => ['body', number];
  const plain = { kind: 'body', id: 'plain', rev: '1-a' };
  const place = (change: (place: BodyPlace) => BodyPlace) => (damager: Damager) =>
    damager.head(1, ({ stored }) => ({ stored: stored.map(({ rev, place }) => ({ rev, place: change(place) })) }));
  const count = (change: object) => (damager: Damager) =>
    damager.edit<object>(['counter'], (counter) => ({ ...counter, ...change }));
  const attachments = (text: string) => (damager: Damager) =>
    damager.head(7, ({ stored }) => ({ stored: stored.map((revision) => ({ ...revision, attachments: text })) }));
  const json = (text: string) => (damager: Damager) =>
    damager.entry(1, () => ({ head: new TextEncoder().encode(text) }));
  /** The key of a record is told where no document is to be named. */
  const at = (...key: Key) => ({ key: expect.toSatisfy((found) => isSameKey(found.slice(2), key)) });
  const unreadable = {
    kind: 'document',
    message: 'The record of the document cannot be read',
    id: 'plain',
    ...at('block', 1, 0),
  };
  const page = { kind: 'document', message: 'A page of documents cannot be read', ...at('block', 1, 0) };
  const index = { kind: 'document', message: 'The index of a part of the documents cannot be read', ...at('run', 1) };
  const unreadableStubs = {
    kind: 'attachments',
    message: 'The attachment stubs of the revision cannot be read',
    id: 'photo',
    rev: '1-a',
  };
  const unknown = (...key: Key) => ({
    kind: 'unknown',
    message: 'A record of the replica is none that couchtide has written',
    ...at(...key),
  });

  const bodies: readonly Case[] = [
    [
      'a segment that is gone',
      (damager) => damager.remove(...segment(2)),
      [{ ...plain, message: 'The body of the revision is not there' }],
    ],
    [
      'a segment with two bodies that is gone',
      (damager) => damager.remove(...segment(4)),
      ['2-y', '2-z'].map((rev) => ({
        kind: 'body',
        message: 'The body of the revision is not there',
        id: 'conflicted',
        rev,
      })),
    ],
    [
      'a segment that is cut',
      (damager) => damager.bend(segment(4), (bytes) => bytes.slice(0, -1)),
      [{ kind: 'body', message: 'The body of the revision is cut short', id: 'conflicted', rev: '2-z' }],
    ],
    [
      'bytes that are no text',
      (damager) => damager.bend(segment(2), (bytes) => bytes.fill(0xff, 6, 7)),
      [{ ...plain, message: 'The body of the revision is not UTF-8' }],
    ],
    [
      'a body that is no JSON',
      (damager) => damager.put(segment(2), '{"v":"Ü"]'),
      [{ ...plain, message: 'The body of the revision is not a JSON object' }],
    ],
    [
      'a body that is no object',
      (damager) => damager.put(segment(2), '["v","Ü"]'),
      [{ ...plain, message: 'The body of the revision is not a JSON object' }],
    ],
    ...['  {"v":12}', '{"v":12}  '].map(
      (text): Case => [
        `the body ${JSON.stringify(text)}, of which a blank would be taken for a brace`,
        (damager) => damager.put(segment(2), text),
        [{ ...plain, message: 'The body of the revision is not a JSON object' }],
      ],
    ),
    ...[[], [2, 0], [2, 0, 9, 0], [-1, 0, 9], [2, -1, 9], [2, 0, -9], [2, 0, 2 ** 40]].map(
      (numbers): Case => [
        `the place ${JSON.stringify(numbers)}`,
        place(() => numbers),
        [{ ...plain, message: 'The body of the revision is at a place that cannot be' }],
      ],
    ),
    [
      'a place in a segment that is not there',
      place(([, offset = 0, length = 0]) => [1, offset, length]),
      [{ ...plain, message: 'The body of the revision is not there' }],
    ],
    [
      'a place after the end of its segment',
      place(([number = 0, , length = 0]) => [number, 1, length]),
      [{ ...plain, message: 'The body of the revision is cut short' }],
    ],
    [
      'a leaf without a body',
      (damager) => damager.head(3, ({ stored }) => ({ stored: stored.slice(0, 1) })),
      [{ kind: 'body', message: 'The leaf revision has no body', id: 'conflicted', rev: '2-z' }],
    ],
  ];

  const documents: readonly Case[] = [
    ['a head that is no JSON', json('{'), [unreadable]],
    ['a head that is something else', json('{}'), [unreadable]],
    ['a tree that cannot be read', json('["1;a",[]]'), [unreadable]],
    ...[0, -1, 1.5, Number.NaN].map(
      (seq): Case => [`the change ${seq}`, (damager) => damager.entry(1, () => ({ seq })), [unreadable]],
    ),
    ['an id that is no text', (damager) => damager.entry(1, () => ({ id: Uint8Array.of(0xff) })), [page]],
    ['a document in the place of another', (damager) => damager.entry(1, () => ({ id: Buffer.from('plane') })), [page]],
    [
      'a tree without revisions',
      (damager) => damager.head(1, () => ({ tree: emptyTree })),
      [{ kind: 'document', message: 'The document has no revision', id: 'plain' }],
    ],
    [
      'two bodies of a revision',
      (damager) => damager.head(1, ({ stored }) => ({ stored: [...stored, ...stored] })),
      [{ kind: 'document', message: 'The document has two bodies of one revision', id: 'plain' }],
    ],
    [
      'two documents of one change',
      (damager) => damager.entry(1, () => ({ seq: 2 })),
      [{ kind: 'sequence', message: 'Another document is of the same change', id: 'plain' }],
    ],
    ...['{', '[]', '"a"', '{"a":1}', '{"\\x":{}}'].map(
      (text): Case => [`the attachment stubs ${text}`, attachments(text), [unreadableStubs]],
    ),
  ];

  const pages: readonly Case[] = [
    ['a page that is gone', (damager) => damager.remove('block', 1, 0), [page]],
    ['a page that is cut', (damager) => damager.bend(['block', 1, 0], (bytes) => bytes.slice(0, -1)), [page]],
    ['a page of nothing', (damager) => damager.put(['block', 1, 0], ''), [page]],
    ['a page without documents', (damager) => damager.page(1, () => []), [page]],
    ['a page with a document twice', (damager) => damager.page(1, ([one]) => (one ? [one, one] : [])), [page]],
    [
      'a page in the place of another',
      async (damager) => damager.put(['block', 1, 0], await damager.bytes('block', 3, 0)),
      [page],
    ],
    ['a run that is cut', (damager) => damager.bend(['run', 1], (bytes) => bytes.slice(0, -1)), [index]],
    ['a run without a root', (damager) => damager.run(1, () => ({ root: [] })), [index]],
    ['a run that is no run', (damager) => damager.put(['run', 1], '{}'), [index]],
    [
      'a run whose filter says that the document is not there',
      (damager) =>
        damager.run(1, ({ root }) => ({ root: root.map((child) => ({ ...child, filter: new Uint8Array(2) })) })),
      [page],
    ],
    [
      'a run without a filter',
      (damager) => damager.run(1, ({ root }) => ({ root: root.map((child) => ({ ...child, filter: undefined })) })),
      [page],
    ],
    [
      'a run that names another page',
      (damager) => damager.run(1, ({ root }) => ({ root: root.map((child) => ({ ...child, block: 1 })) })),
      [{ ...page, ...at('block', 1, 1) }],
    ],
    [
      'a run with a level too many',
      (damager) => damager.run(1, () => ({ height: 2 })),
      [{ ...page, message: 'A part of the index of documents cannot be read' }],
    ],
    ...[{ heads: 2 }, { blocks: 0 }, { floor: 3 }].map(
      (change): Case => [
        `a run that says ${JSON.stringify(change)}`,
        (damager) => damager.run(1, () => change),
        [{ ...index, message: 'The index of a part of the documents says something else than they do' }],
      ],
    ),
  ];

  const order = { kind: 'sequence', message: 'A record of the order of changes cannot be read', ...at('sequence', 1) };
  const sequence: readonly Case[] = [
    [
      'a record of the order that is gone',
      (damager) => damager.remove('sequence', 1),
      [
        {
          kind: 'sequence',
          message: 'The order of changes does not name the last change of the document',
          id: 'plain',
          ...at('sequence'),
        },
      ],
    ],
    [
      'a record of the order that names another document',
      (damager) => damager.put(['sequence', 1], '[[1,"plane"]]'),
      [
        {
          kind: 'sequence',
          message: 'The order of changes does not name the last change of the document',
          id: 'plain',
          ...at('sequence'),
        },
      ],
    ],
    ...['', '[', '1', '[1]', '[["1","plain"]]', '[[1]]', '[]', '[[2,"plain"]]', '[[1,"plain"],[1,"plain"]]', '{}'].map(
      (text): Case => [`the record of the order ${text}`, (damager) => damager.put(['sequence', 1], text), [order]],
    ),
    [
      'a record of the order in a block that is not there',
      (damager) => damager.put(['sequence', 1], '{"run":99,"block":0,"bytes":9}'),
      [order],
    ],
    [
      'a count of changes in their order',
      count({ sequenced: 7 }),
      [{ kind: 'counter', message: 'The replica counts 7 changes in their order, and 6 are there' }],
    ],
    [
      'a count of dead bodies',
      count({ deadBytes: 1 }),
      [
        {
          kind: 'counter',
          message: expect.stringMatching(/^The replica counts \d+ bytes of bodies in use, and \d+ are there$/),
        },
      ],
    ],
  ];

  const records: readonly Case[] = [
    [
      'a count of documents',
      count({ docCount: 4 }),
      [{ kind: 'counter', message: 'The replica counts 4 documents, and 5 are there' }],
    ],
    [
      'a count of tombstones',
      count({ docDelCount: 2 }),
      [{ kind: 'counter', message: 'The replica counts 2 tombstones, and 1 are there' }],
    ],
    [
      'a count of attachments',
      count({ attachmentsMissing: 3 }),
      [{ kind: 'counter', message: 'The replica counts 3 attachments to fetch, and 2 are there' }],
    ],
    [
      'a count of failures',
      count({ failures: 0 }),
      [{ kind: 'counter', message: 'The replica counts 0 failed revisions, and 1 are there' }],
    ],
    [
      'a count of changes that is too high',
      count({ seq: 7 }),
      [
        {
          kind: 'counter',
          message: 'The replica counts 7 changes, and the newest document is of change 6',
          id: 'large',
        },
      ],
    ],
    [
      'a count of changes that is too low',
      count({ seq: 5 }),
      [
        {
          kind: 'counter',
          message: 'The replica counts 5 changes, and the newest document is of change 6',
          id: 'large',
        },
      ],
    ],
    [
      'a count of numbers under which bodies would be written over',
      count({ next: 12 }),
      [{ kind: 'counter', message: 'The replica has used numbers below 12, and 12 is in use' }],
    ],
    [
      'a counter that cannot be read',
      (damager) => damager.put(['counter'], '{"token":1}'),
      [{ kind: 'counter', message: 'The counter of the replica cannot be read' }],
    ],
    [
      'a counter that is gone',
      (damager) => damager.remove('counter'),
      [{ kind: 'counter', message: 'The counter of the replica cannot be read' }],
    ],
    ...['"6-x"', '{"seq":', ''].map(
      (text): Case => [
        `the checkpoint ${text}`,
        (damager) => damager.put(['checkpoint', 'pull'], text),
        [{ kind: 'checkpoint', message: 'The checkpoint cannot be read', ...at('checkpoint', 'pull') }],
      ],
    ),
  ];

  const outside: readonly Key[] = [
    ['extra'],
    ['counter', 'more'],
    ['run'],
    ['runs', 1],
    ['run\0', 1],
    ['ru', 'n'],
    ['body'],
    ['checkpoint'],
    ['checkpoint', 'pull', 'more'],
    ['failure', 'lost'],
    ['failure', 'lost', 'a', 'b'],
    ['zzz', 'a', 'b', 'c'],
  ];
  const within: readonly (readonly [area: string, keys: readonly Key[]])[] = [
    [
      'runs',
      [
        ['run', 1, 0],
        ['run', 'a'],
        ['run', -1],
        ['run', 0.5],
      ],
    ],
    [
      'pages',
      [
        ['block', 1],
        ['block', 1, 0, 0],
        ['block', 'a', 0],
        ['block', 1, -1],
        ['block', 0.5, 0],
      ],
    ],
    [
      'bodies',
      [
        ['body', 2, 0],
        ['body', 'a'],
        ['body', -1],
        ['body', 0.5],
      ],
    ],
    [
      'order of changes',
      [
        ['sequence', 1, 0],
        ['sequence', 'a'],
        ['sequence', -1],
        ['sequence', 0.5],
      ],
    ],
    [
      'jobs of upkeep',
      [
        ['upkeep', 'merge-0'],
        ['upkeep', 'reclaim'],
        ['upkeep', 'other'],
        ['upkeep', 'sequence', 1],
      ],
    ],
  ];
  const unknowns = [
    ...outside.map((key) => [key, unknown(...key)] as const),
    ...within.flatMap(([area, keys]) =>
      keys.map((key) => {
        const message = `A record among the ${area} is none of the replica`;
        return [key, { ...unknown(...key), message }] as const;
      }),
    ),
  ].map(([key, told]): Case => [`a record at ${JSON.stringify(key)}`, (damager) => damager.put(key, '{}'), [told]]);

  test.each([...bodies, ...documents, ...pages, ...sequence, ...records, ...unknowns])(
    '%s',
    async (_, damage, problems) => {
      const kv = memoryKv();
      const replica = await fill(kv);
      await damage(await Damager.of(kv));
      expect(await problemsOf(replica)).toEqual(problems);
    },
  );

  test('a failure that cannot be read, or is in the place of another', async () => {
    const kv = memoryKv();
    const replica = await fill(kv);
    const damager = await Damager.of(kv);
    const { uuid } = await replica.info();
    const key = (await new Layout('recipes', uuid).failure(failure.id, failure.rev)).slice(2);
    const where = { key: damager.key(...key) };
    for (const text of ['{', '{}', '[]']) {
      await damager.put(key, text);
      const message = 'The record of a failure cannot be read';
      expect(await problemsOf(replica)).toEqual([{ kind: 'failure', message, ...where }]);
    }
    await damager.put(key, encodeJson({ ...failure, rev: '1-b', attempts: 1 }));
    const message = 'The record of a failure is not where its document and revision belong';
    expect(await problemsOf(replica)).toEqual([{ kind: 'failure', message, ...where }]);
  });

  test('whatever is taken away', async () => {
    const kv = memoryKv();
    const replica = await fill(kv);
    const damager = await Damager.of(kv);
    const entries = await everythingOf(kv, damager);
    expect(entries).toHaveLength(1 + 1 + 6 * (1 + 1 + 1 + 1) + 1 + 1);
    await expectNamed(kv, replica, entries, ([area]) => area !== 'signal' && area !== 'checkpoint');
  });

  test.each([
    ['runs are merged', 'merge-', 1000, 10],
    ['bodies are moved', 'reclaim', 400, 3000],
  ])('whatever is taken away while %s', { timeout: 120_000 }, async (_, underway, documents, size) => {
    const kv = memoryKv({ limits: denoKvLimits });
    const replica = await openReplica(kv, 'recipes');
    const text = 'x'.repeat(size);
    const long = 'y'.repeat(20_000);
    const damager = await Damager.of(kv);
    const isUnderway = async (): Promise<boolean> => {
      const jobs = (await everythingOf(kv, damager)).filter(({ key }) => key[2] === 'upkeep');
      const isDraft = ({ key, value }: Entry): boolean =>
        String(key[3]).startsWith(underway) && new TextDecoder().decode(value).includes('draft');
      return jobs.some(isDraft);
    };
    for (let round = 1; !(await isUnderway()); round += 1) {
      expect(round).toBeLessThan(100);
      const ids = Array.from({ length: 100 }, (_, at) => `${(round * 100 + at) % documents}`);
      const paths = Array.from({ length: round }, (_, back) => `g${round - back}`).join(' ');
      await replica.writeBatch({
        revisions: [...ids.map((id) => revision(id, paths, { text })), revision(`${long}${round}`, 'a')],
      });
    }
    const entries = await everythingOf(kv, damager);
    expect(await problemsOf(replica)).toEqual([]);
    const inUse = await namesInUse(kv, damager);
    await expectNamed(kv, replica, entries, (key) => inUse(key));
  });

  test('a page of many, alone', async () => {
    const kv = memoryKv();
    const replica = await openReplica(kv, 'recipes');
    const ids = Array.from({ length: 5000 }, (_, at) => `doc-${at}`);
    await replica.writeBatch({ revisions: ids.map((id) => revision(id, 'a')) });
    const other = ids.filter((_, at) => at % 3 === 0);
    await replica.writeBatch({ revisions: other.map((id) => revision(id, 'b a')) });
    const damager = await Damager.of(kv);
    const blocks = (await everythingOf(kv, damager)).filter(({ key }) => key[2] === 'block');
    expect(blocks.length).toBeGreaterThan(20);
    for (const { key, value } of blocks) {
      await kv.update([], () => ({ delete: [key], result: undefined }));
      const events = await eventsOf(replica);
      const problems = events.filter(({ type }) => type === 'problem');
      expect(problems).toEqual([{ type: 'problem', kind: 'document', message: expect.any(String), key }]);
      expect(events.at(-1)).toMatchObject({ reclaimable: undefined });
      await kv.update([], () => ({ set: [[key, value]], result: undefined }));
    }
    expect(await problemsOf(replica)).toEqual([]);
  });

  test('nothing of a second problem that only follows on the first', async () => {
    const kv = memoryKv();
    const replica = await fill(kv);
    await (await Damager.of(kv)).put(['block', 11, 0], '{}');
    const events = await eventsOf(replica);
    expect(events.filter(({ type }) => type === 'problem')).toHaveLength(1);
    expect(events.at(-1)).toMatchObject({ documents: 5, reclaimable: undefined });
  });

  test('and whatever a byte is changed to, it is told to the end', { timeout: 120_000 }, async () => {
    const kv = memoryKv();
    const replica = await fill(kv);
    const damager = await Damager.of(kv);
    const entries = await everythingOf(kv, damager);
    const change = fc.tuple(fc.nat(), fc.nat(), fc.integer({ min: 1, max: 255 }));
    await fc.assert(
      fc.asyncProperty(change, async ([which, at, bits]) => {
        const { key, value } = entries[which % entries.length] ?? { key: [], value: new Uint8Array() };
        const bent = value.slice();
        if (bent.length > 0) bent[at % bent.length] = (bent[at % bent.length] ?? 0) ^ bits;
        await kv.update([], () => ({ set: [[key, bent]], result: undefined }));
        const outcome = await eventsOf(replica).catch((error: unknown) => error);
        // One bit makes the form of a tree that of another version.
        if (Array.isArray(outcome)) expect(outcome.at(-1)).toMatchObject({ type: 'summary' });
        else expect(outcome).toMatchObject({ name: 'StoreError', failure: 'newer' });
        await kv.update([], () => ({ set: [[key, value]], result: undefined }));
      }),
      { numRuns: 500 },
    );
    expect(await problemsOf(replica)).toEqual([]);
  });
});

async function everythingOf(kv: Kv, damager: Damager): Promise<Entry[]> {
  const entries: Entry[] = [];
  for await (const entry of list(kv, { prefix: damager.key() })) entries.push(entry);
  return entries;
}

/** Each record is taken away, and then put back: verify names those that are in use, and nothing else. */
async function expectNamed(
  kv: Kv,
  replica: Replica,
  entries: readonly Entry[],
  isInUse: (key: Key) => boolean,
): Promise<void> {
  for (const { key, value } of entries) {
    await kv.update([], () => ({ delete: [key], result: undefined }));
    const problems = await problemsOf(replica);
    if (isInUse(key.slice(2))) expect(problems, `without ${JSON.stringify(key)}`).not.toEqual([]);
    else expect(problems, `without ${JSON.stringify(key)}`).toEqual([]);
    await kv.update([], () => ({ set: [[key, value]], result: undefined }));
  }
  expect(await problemsOf(replica)).toEqual([]);
}

/** Which records anything says are needed: runs with their blocks and bodies, the order of changes, and work under way. */
async function namesInUse(kv: Kv, damager: Damager): Promise<(key: Key) => boolean> {
  const storage = new PageStorage(
    kv,
    new Layout('recipes', String(damager.key()[1])),
    kv.limits.valueBytes,
    platform(),
  );
  const bodies = new Set<number>();
  for await (const heads of storage.range({})) {
    for (const {
      place: [segment = 0, offset = 0, length = 0],
    } of heads.flatMap(({ stored }) => stored)) {
      const first = segment + Math.floor(offset / kv.limits.valueBytes);
      const last = segment + Math.floor((offset + length - 1) / kv.limits.valueBytes);
      for (let number = first; number <= last; number += 1) bodies.add(number);
    }
  }
  const garbage = new Set<string>();
  const entries = await everythingOf(kv, damager);
  for (const { value } of entries.filter(({ key }) => String(key[3]).startsWith('sweep-'))) {
    for (const range of (decodeJson(value) as { ranges: [string, number, number, number][] }).ranges) {
      for (const other of entries) {
        const [area, run, block] = other.key.slice(2);
        const isSwept = range[0] === 'block' && area === 'block' && run === range[1] && Number(block) < range[3];
        if (isSwept) garbage.add(JSON.stringify(other.key.slice(2)));
      }
    }
  }
  return (key) => {
    const [area, number] = key;
    // Work of which there is no record begins anew.
    if (area === 'signal' || area === 'upkeep') return false;
    return area === 'body' ? bodies.has(Number(number)) : !garbage.has(JSON.stringify(key));
  };
}

describe('Verifying', () => {
  test('cannot be done with a tree of a newer couchtide', async () => {
    const kv = memoryKv();
    const replica = await fill(kv);
    await (await Damager.of(kv)).entry(1, () => ({ head: encodeJson(['2;whatever', []]) }));
    const error: unknown = await eventsOf(replica).catch((thrown: unknown) => thrown);
    expect(isStoreError(error) && error.failure).toBe('newer');
  });

  test('cannot be done while somebody writes, and tells nothing then that may not be true', async () => {
    const kv = memoryKv();
    const replica = await fill(kv);
    await (await Damager.of(kv)).remove('body', 2);
    const told: VerifyEvent[] = [];
    const verifying = (async () => {
      for await (const event of replica.verify()) {
        if (told.push(event) === 1) await replica.writeBatch({ revisions: [revision('another', 'a')] });
      }
    })();
    const error: unknown = await verifying.catch((thrown: unknown) => thrown);
    expect(isContentionError(error)).toBe(true);
    expect(String(error)).toContain('The replica "recipes" was written to while it was verified');
    expect(told).toEqual([{ type: 'failed', ...failure, attempts: 1 }]);
  });

  test('ends with the reason of a signal, and where nobody reads any more', async () => {
    const kv = memoryKv();
    const replica = await fill(kv);
    const reason = new Error('Enough');
    await expect(eventsOf(replica, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const controller = new AbortController();
    const verifying = (async () => {
      for await (const _ of replica.verify({ signal: controller.signal })) controller.abort(reason);
    })();
    await expect(verifying).rejects.toBe(reason);
    for await (const event of replica.verify()) {
      expect(event.type).toBe('failed');
      break;
    }
  });

  test('needs an open replica', async () => {
    const replica = await fill(memoryKv());
    await replica.close();
    expect(() => replica.verify()).toThrow(expect.toSatisfy(isClosedError));
  });

  test('reads of large documents no more than a few at once', async () => {
    const kv = memoryKv();
    const replica = await openReplica(kv, 'recipes');
    const text = 'x'.repeat(1024 * 1024);
    for (let at = 0; at < 12; at += 1) await replica.writeBatch({ revisions: [revision(`${at}`, 'a', { text })] });
    const progress = (await eventsOf(replica)).filter(({ type }) => type === 'progress');
    const documents = progress.map((event) => ('documents' in event ? event.documents : 0));
    expect(documents.at(-1)).toBe(12);
    for (const [index, count] of documents.entries()) expect(count - (documents[index - 1] ?? 0)).toBeLessThan(4);
  });
});
