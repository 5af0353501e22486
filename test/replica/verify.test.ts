import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { fsKv } from '../../adapters/fs/index.ts';
import { isClosedError, isContentionError, isStoreError } from '../../src/core/errors.ts';
import { encodeJson } from '../../src/kv/json.ts';
import type { Entry, Key, Kv } from '../../src/kv/kv.ts';
import { list } from '../../src/kv/list.ts';
import { memoryKv } from '../../src/kv/memory.ts';
import { Layout } from '../../src/replica/layout.ts';
import { openReplica, type Replica } from '../../src/replica/replica.ts';
import type { RevisionToWrite } from '../../src/replica/target.ts';
import type { VerifyOptions } from '../../src/replica/verify.ts';
import type { VerifyEvent, VerifyProblem } from '../../src/replica/verify-event.ts';
import { revision } from '../support/revision.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { Damager } from './damage.ts';

const LONG_ID = 'x'.repeat(700);
const LARGE_TEXT = Array.from({ length: 3 }, (_, index) => `文😀${index}`.repeat(9000)).join('');

/** What the sample replica is made of: each batch has a segment of its own, and its changes are counted on. */
const batches: readonly (readonly RevisionToWrite[])[] = [
  /* segment 0, change 1 */ [revision('plain', 'a', { v: 'Ü' })],
  /* segment 1, change 2 */ [revision('conflicted', 'y a', { v: 1 }), revision('conflicted', 'z a', { v: 2 })],
  /* segment 2, change 3 */ [revision('deleted', 'd a', { why: 'spoiled' }, { deleted: true })],
  /* segment 3, change 4 */ [revision('photo', 'a', {}, { attachments: '{"a":{"stub":true},"b":{"stub":true}}' })],
  /* segment 4, change 5 */ [revision(LONG_ID, 'a', { v: 'long' })],
  /* segment 5, change 6 */ [revision('large', 'a', { text: LARGE_TEXT })],
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
  [
    'memory with the limits of Deno KV',
    async () =>
      memoryKv({
        limits: { valueBytes: 65_536, keysPerRead: 10, guardsPerUpdate: 10, bytesPerUpdate: 800 * 1024 },
      }),
  ],
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
        reclaimable: { segments: 0, bytes: 0 },
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
      reclaimable: keep === 'all' ? { segments: 0, bytes: 0 } : { segments: 1, bytes: dropped },
    });
  });

  test('can do without a segment of many parts', async () => {
    const replica = await openReplica(memoryKv({ limits: { valueBytes: 1024 } }), 'recipes');
    await replica.writeBatch({ revisions: [revision('a', 'x', { text: 'x'.repeat(5000) })] });
    await replica.writeBatch({ revisions: [revision('a', 'y x')] });
    expect((await eventsOf(replica)).at(-1)).toMatchObject({
      problems: 0,
      reclaimable: { segments: 1, bytes: 5000 + '{"text":""}'.length },
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

  const segment = (number: number): Key => ['body', number, 0];
  const head = (id: string): Key => ['head', id];
  const plain = { kind: 'body', id: 'plain', rev: '1-a' };
  type StoredHead = [id: string, seq: number, tree: string, stored: [string, number[], string?][]];
  const place = (change: (place: number[]) => number[]) => (damager: Damager) =>
    damager.edit<StoredHead>(head('plain'), ([id, seq, tree, stored]) => [
      id,
      seq,
      tree,
      stored.map(([rev, at]) => [rev, change(at)]),
    ]);
  const count = (change: object) => (damager: Damager) =>
    damager.edit<object>(['counter'], (counter) => ({ ...counter, ...change }));
  const attachments = (text: string) => (damager: Damager) =>
    damager.edit<StoredHead>(head('photo'), ([id, seq, tree, stored]) => [
      id,
      seq,
      tree,
      stored.map(([rev, at]) => [rev, at, text]),
    ]);
  const unreadable = {
    kind: 'document',
    message: 'The record of the document cannot be read',
    id: 'plain',
    key: Damager.key(...head('plain')),
  };
  const unreadableStubs = {
    kind: 'attachments',
    message: 'The attachment stubs of the revision cannot be read',
    id: 'photo',
    rev: '1-a',
  };
  const unknown = (...key: Key) => ({
    kind: 'unknown',
    message: 'A record of the replica is none that couchtide has written',
    key: Damager.key(...key),
  });

  const bodies: readonly Case[] = [
    [
      'a segment that is gone',
      (damager) => damager.remove(...segment(0)),
      [{ ...plain, message: 'The body of the revision is not there' }],
    ],
    [
      'a segment with two bodies that is gone',
      (damager) => damager.remove(...segment(1)),
      ['2-y', '2-z'].map((rev) => ({
        kind: 'body',
        message: 'The body of the revision is not there',
        id: 'conflicted',
        rev,
      })),
    ],
    [
      'a segment that is cut',
      (damager) => damager.bend(segment(1), (bytes) => bytes.slice(0, -1)),
      [{ kind: 'body', message: 'The body of the revision is cut short', id: 'conflicted', rev: '2-z' }],
    ],
    [
      'bytes that are no text',
      (damager) => damager.bend(segment(0), (bytes) => bytes.fill(0xff, 6, 7)),
      [{ ...plain, message: 'The body of the revision is not UTF-8' }],
    ],
    [
      'a body that is no JSON',
      (damager) => damager.put(segment(0), '{"v":"Ü"]'),
      [{ ...plain, message: 'The body of the revision is not a JSON object' }],
    ],
    [
      'a body that is no object',
      (damager) => damager.put(segment(0), '["v","Ü"]'),
      [{ ...plain, message: 'The body of the revision is not a JSON object' }],
    ],
    ...['  {"v":12}', '{"v":12}  '].map(
      (text): Case => [
        `the body ${JSON.stringify(text)}, of which a blank would be taken for a brace`,
        (damager) => damager.put(segment(0), text),
        [{ ...plain, message: 'The body of the revision is not a JSON object' }],
      ],
    ),
    ...[[], [0, 0], [0, 0, 9, 0], [-1, 0, 9], [0, -1, 9], [0, 0, -9], [0, 0, 2 ** 40]].map(
      (numbers): Case => [
        `the place ${JSON.stringify(numbers)}`,
        place(() => numbers),
        [{ ...plain, message: 'The body of the revision is at a place that cannot be' }],
      ],
    ),
    [
      'a place after the end of its segment',
      place(([number = 0, , length = 0]) => [number, 1, length]),
      [{ ...plain, message: 'The body of the revision is cut short' }],
    ],
    [
      'a leaf without a body',
      (damager) => damager.edit<StoredHead>(head('conflicted'), ([id, seq, tree, [first]]) => [id, seq, tree, [first]]),
      [{ kind: 'body', message: 'The leaf revision has no body', id: 'conflicted', rev: '2-z' }],
    ],
  ];

  const documents: readonly Case[] = [
    ['a head that is no JSON', (damager) => damager.put(head('plain'), '{'), [unreadable]],
    ['a head that is something else', (damager) => damager.put(head('plain'), '{}'), [unreadable]],
    [
      'a tree that cannot be read',
      (damager) => damager.edit<StoredHead>(head('plain'), ([id, seq, , stored]) => [id, seq, '1;a', stored]),
      [unreadable],
    ],
    [
      'a change that cannot be',
      (damager) => damager.edit<StoredHead>(head('plain'), ([id, , tree, stored]) => [id, 0, tree, stored]),
      [unreadable],
    ],
    [
      'a head in the place of another',
      async (damager) => damager.put(head('plane'), await damager.remove(...head('plain'))),
      [
        {
          kind: 'document',
          message: 'The record of the document is not where its id belongs',
          id: 'plain',
          key: Damager.key('head', 'plane'),
        },
      ],
    ],
    [
      'a tree without revisions',
      (damager) => damager.edit<StoredHead>(head('plain'), ([id, seq, , stored]) => [id, seq, '1', stored]),
      [{ kind: 'document', message: 'The document has no revision', id: 'plain' }],
    ],
    [
      'two bodies of a revision',
      (damager) =>
        damager.edit<StoredHead>(head('plain'), ([id, seq, tree, stored]) => [id, seq, tree, [...stored, ...stored]]),
      [{ kind: 'document', message: 'The document has two bodies of one revision', id: 'plain' }],
    ],
    [
      'two documents of one change',
      (damager) => damager.edit<StoredHead>(head('plain'), ([id, , tree, stored]) => [id, 2, tree, stored]),
      [{ kind: 'sequence', message: 'Another document is of the same change', id: 'plain' }],
    ],
    ...['{', '[]', '"a"', '{"a":1}', '{"\\x":{}}'].map(
      (text): Case => [`the attachment stubs ${text}`, attachments(text), [unreadableStubs]],
    ),
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
      'a count of segments under which bodies would be written over',
      count({ segment: 5 }),
      [{ kind: 'counter', message: 'The replica counts 5 segments of bodies, and 6 are in use' }],
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
        [{ kind: 'checkpoint', message: 'The checkpoint cannot be read', key: Damager.key('checkpoint', 'pull') }],
      ],
    ),
  ];

  const unknowns = (
    [
      ['extra'],
      ['counter', 'more'],
      ['head'],
      ['heads', 'plain'],
      ['head\0', 'plain'],
      ['hea', 'd'],
      ['body'],
      ['body', 0, 0, 0],
      ['body', 'a', 0],
      ['body', 0, 'a'],
      ['body', -1, 0],
      ['body', 0.5, 0],
      ['checkpoint'],
      ['checkpoint', 'pull', 'more'],
      ['failure', 'lost'],
      ['failure', 'lost', 'a', 'b'],
      ['zzz', 'a', 'b', 'c'],
    ] as const
  ).map(
    (key): Case => [
      `a record at ${JSON.stringify(key)}`,
      (damager) => damager.put(key, '{}'),
      [
        key[0] === 'body' && key.length > 1
          ? { ...unknown(...key), message: 'A record among the bodies is none of the replica' }
          : unknown(...key),
      ],
    ],
  );

  test.each([...bodies, ...documents, ...records, ...unknowns])('%s', async (_, damage, problems) => {
    const kv = memoryKv();
    const replica = await fill(kv);
    await damage(new Damager(kv));
    expect(await problemsOf(replica)).toEqual(problems);
  });

  test('a document with a long id, by its key', async () => {
    const kv = memoryKv();
    const replica = await fill(kv);
    const key = (await new Layout('recipes').head(LONG_ID)).slice(2);
    await new Damager(kv).put(key, '{}');
    const message = 'The record of the document cannot be read';
    expect(await problemsOf(replica)).toEqual([{ kind: 'document', message, key: Damager.key(...key) }]);
  });

  test('a failure that cannot be read, or is in the place of another', async () => {
    const kv = memoryKv();
    const replica = await fill(kv);
    const damager = new Damager(kv);
    const key = (await new Layout('recipes').failure(failure.id, failure.rev)).slice(2);
    const where = { key: Damager.key(...key) };
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
    const spared = [['signal'], ['checkpoint', 'pull']].map((key) => JSON.stringify(Damager.key(...key)));
    const entries: Entry[] = [];
    for await (const entry of list(kv, { prefix: Damager.key() })) entries.push(entry);
    expect(entries).toHaveLength(1 + 1 + 6 + 6 + 1 + 1);
    for (const { key, value } of entries) {
      await kv.update([], () => ({ delete: [key], result: undefined }));
      const problems = await problemsOf(replica);
      // A checkpoint that is gone is a pull that begins anew, a signal is there from the first commit on.
      if (spared.includes(JSON.stringify(key))) expect(problems).toEqual([]);
      else expect(problems, `without ${JSON.stringify(key)}`).not.toEqual([]);
      await kv.update([], () => ({ set: [[key, value]], result: undefined }));
    }
    expect(await problemsOf(replica)).toEqual([]);
  });

  test('nothing of a second problem that only follows on the first', async () => {
    const kv = memoryKv();
    const replica = await fill(kv);
    await new Damager(kv).put(['head', 'large'], '{}');
    const events = await eventsOf(replica);
    expect(events.filter(({ type }) => type === 'problem')).toHaveLength(1);
    expect(events.at(-1)).toMatchObject({ documents: 5, reclaimable: undefined });
  });
});

describe('Verifying', () => {
  test('cannot be done with a tree of a newer couchtide', async () => {
    const kv = memoryKv();
    const replica = await fill(kv);
    await new Damager(kv).edit<unknown[]>(['head', 'plain'], ([id, seq, , stored]) => [id, seq, '2;whatever', stored]);
    const error: unknown = await eventsOf(replica).catch((thrown: unknown) => thrown);
    expect(isStoreError(error) && error.failure).toBe('newer');
  });

  test('cannot be done while somebody writes, and tells nothing then that may not be true', async () => {
    const kv = memoryKv();
    const replica = await fill(kv);
    await new Damager(kv).remove('body', 0, 0);
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
    expect(documents).toEqual([3, 6, 9, 12, ...documents.slice(4)]);
  });
});
