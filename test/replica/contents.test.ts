import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { isContentionError, isStoreError } from '../../src/core/errors.ts';
import type { Kv } from '../../src/kv/kv.ts';
import { listPages } from '../../src/kv/list.ts';
import { memoryKv } from '../../src/kv/memory.ts';
import type { ContentSink } from '../../src/replica/contents/content.ts';
import { openReplica, type Replica } from '../../src/replica/replica.ts';
import type { RevisionToWrite } from '../../src/replica/target.ts';
import { alteredKv } from '../contract/altered-kv.ts';
import { denoKvLimits } from '../contract/memory.ts';
import { type VirtualClock, virtualClock } from '../support/virtual-clock.ts';
import { Damager } from './verify/damage.ts';

const WEEK = 7 * 86_400_000;
const MINUTE = 60_000;

let clock: VirtualClock;
let kv: Kv;
let replica: Replica;

beforeEach(async () => {
  clock = virtualClock();
  kv = memoryKv();
  replica = await open(kv);
});

function open(store: Kv): Promise<Replica> {
  return openReplica(store, 'recipes', { platform: clock.platform });
}

function digestOf(content: string): string {
  return `md5-${content}`;
}

function bytesOf(content: string, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => (at * 31 + (at >> 8) + content.charCodeAt(0)) & 0xff);
}

async function bring(target: Replica, content: string, length = 10): Promise<void> {
  const sink = await target.openContent(digestOf(content), { length });
  await write(sink, bytesOf(content, length).subarray(sink.offset));
  await sink.commit();
}

async function write(sink: ContentSink, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; at += 60_000) await sink.write(bytes.subarray(at, at + 60_000));
}

/** A revision with one attachment for each content, named like it. */
function revision(id: string, generation: number, contents: string, length = 10): RevisionToWrite {
  const stubs = [...contents].map((content) => {
    return [content, { content_type: 'x/y', digest: digestOf(content), length, revpos: 1, stub: true }];
  });
  return {
    id,
    rev: `${generation}-a`,
    revisions: { start: generation, ids: Array.from({ length: generation }, () => 'a') },
    deleted: false,
    body: '{}',
    attachments: JSON.stringify(Object.fromEntries(stubs)),
  };
}

async function problemsOf(target: Replica): Promise<string[]> {
  const problems: string[] = [];
  for await (const event of target.verify())
    if (event.type === 'problem') problems.push(`${event.kind}: ${event.message}`);
  return problems;
}

/** How many records there are below the replica, by their kind. */
async function recordsOf(store: Kv): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for await (const entries of listPages(store, { prefix: ['replica'] })) {
    for (const { key } of entries) counts[String(key[2])] = (counts[String(key[2])] ?? 0) + 1;
  }
  return counts;
}

describe('A content that nobody names', () => {
  test('stays for a week, and is deleted then', async () => {
    await bring(replica, 'x', 600_000);
    await replica.writeBatch({ revisions: [revision('doc', 1, 'x', 600_000)] });
    await replica.writeBatch({ revisions: [revision('doc', 2, '')] });
    expect(await problemsOf(replica)).toEqual([]);
    await clock.advance(WEEK - MINUTE);
    await replica.writeBatch({ revisions: [revision('other', 1, '')] });
    expect(await replica.hasContent([digestOf('x')])).toEqual(new Set([digestOf('x')]));
    await clock.advance(11 * MINUTE);
    await replica.writeBatch({ revisions: [revision('third', 1, '')] });
    expect(await replica.hasContent([digestOf('x')])).toEqual(new Set());
    const { content = 0, piece = 0, transfer = 0, loose = 0 } = await recordsOf(kv);
    expect([content, piece, transfer, loose]).toEqual([0, 0, 0, 0]);
    expect(await problemsOf(replica)).toEqual([]);
  });

  test('stays when it is named again', async () => {
    await bring(replica, 'x');
    await clock.advance(WEEK - MINUTE);
    await replica.writeBatch({ revisions: [revision('doc', 1, 'x')] });
    await clock.advance(11 * MINUTE);
    await replica.writeBatch({ revisions: [revision('other', 1, '')] });
    expect(await replica.hasContent([digestOf('x')])).toEqual(new Set([digestOf('x')]));
    expect(await problemsOf(replica)).toEqual([]);
  });

  test('may come after the documents that name it', async () => {
    await replica.writeBatch({ revisions: [revision('a', 1, 'xy'), revision('b', 1, 'x')] });
    expect(await replica.info()).toMatchObject({ attachmentsMissing: 3 });
    await bring(replica, 'x');
    expect(await replica.info()).toMatchObject({ attachmentsMissing: 1 });
    await replica.writeBatch({ revisions: [revision('a', 2, 'x')] });
    expect(await replica.info()).toMatchObject({ attachmentsMissing: 0 });
    expect(await problemsOf(replica)).toEqual([]);
  });
});

describe('A transfer', () => {
  test('that nobody goes on with is deleted after a week', async () => {
    const sink = await replica.openContent(digestOf('x'), { length: 900_000 });
    await write(sink, bytesOf('x', 800_000));
    await sink.suspend();
    expect(await problemsOf(replica)).toEqual([]);
    await replica.writeBatch({ revisions: [revision('doc', 1, '')] });
    await clock.advance(WEEK + MINUTE);
    await replica.writeBatch({ revisions: [revision('doc', 2, '')] });
    const { piece = 0, transfer = 0 } = await recordsOf(kv);
    expect([piece, transfer]).toEqual([0, 0]);
  });

  test('is taken over from whoever is silent for long, and from nobody else', async () => {
    const bytes = bytesOf('x', 900_000);
    const first = await replica.openContent(digestOf('x'), { length: bytes.length });
    await write(first, bytes.subarray(0, 600_000));
    const other = await (await open(kv)).openContent(digestOf('x'), { length: bytes.length });
    expect(other.offset).toBe(0);
    await clock.advance(MINUTE);
    const second = await (await open(kv)).openContent(digestOf('x'), { length: bytes.length });
    expect(second.offset).toBeGreaterThan(500_000);
    await expect(write(first, bytes.subarray(600_000))).rejects.toSatisfy(isContentionError);
    await write(second, bytes.subarray(second.offset));
    await second.commit();
    await other.abort();
    expect(await replica.hasContent([digestOf('x')])).toEqual(new Set([digestOf('x')]));
    expect(await problemsOf(replica)).toEqual([]);
  });

  test('that is taken over at its end does not commit', async () => {
    const bytes = bytesOf('x', 600_000);
    const first = await replica.openContent(digestOf('x'), { length: bytes.length });
    await write(first, bytes);
    await clock.advance(MINUTE);
    await (await open(kv)).openContent(digestOf('x'), { length: bytes.length });
    await expect(first.commit()).rejects.toSatisfy(isContentionError);
    expect(await replica.hasContent([digestOf('x')])).toEqual(new Set());
  });

  test('leaves nothing when another has brought the same content before', async () => {
    const bytes = bytesOf('x', 600_000);
    const sinks = await Promise.all([1, 2].map(() => replica.openContent(digestOf('x'), { length: bytes.length })));
    for (const sink of sinks) await write(sink, bytes);
    for (const sink of sinks) await sink.commit();
    const { content, piece, transfer = 0 } = await recordsOf(kv);
    expect([content, piece, transfer]).toEqual([1, 3, 0]);
    expect(await problemsOf(replica)).toEqual([]);
  });

  test.each(['commit', 'answer'] as const)('is sound wherever the %s of a write is lost', async (lost) => {
    for (let after = 0, isDone = false; !isDone; after += 1) {
      const store = memoryKv();
      let left = after;
      const broken = alteredKv(store, {
        update: async (guards, decide, options) => {
          left -= 1;
          if (left === -1 && lost === 'commit') throw new Error('The commit was lost');
          const result = await store.update(guards, decide, options);
          if (left === -1) throw new Error('The answer was lost');
          return result;
        },
      });
      await open(store);
      const target = await open(broken);
      isDone = await bring(target, 'x', 600_000)
        .then(
          () => target.writeBatch({ revisions: [revision('doc', 1, 'x', 600_000)] }).then(() => true),
          () => false,
        )
        .catch(() => false);
      isDone &&= left >= 0;
      expect(await problemsOf(await open(store))).toEqual([]);
      await clock.advance(MINUTE);
      const again = await open(store);
      await bring(again, 'x', 600_000);
      await again.writeBatch({ revisions: [revision('doc', 1, 'x', 600_000)] });
      const attachment = await again.attachment('doc', 'x');
      const found = Buffer.from((await (await attachment?.blob())?.arrayBuffer()) ?? new ArrayBuffer());
      expect(found.equals(bytesOf('x', 600_000))).toBe(true);
      expect(await problemsOf(again)).toEqual([]);
      expect(after).toBeLessThan(50);
    }
  });
});

test('Contents are counted as documents come and go, whatever the order', { timeout: 120_000 }, async () => {
  const content = fc.constantFrom(...'pqrs');
  const step = fc.oneof(
    fc.record({ type: fc.constant('bring' as const), content }),
    fc.record({
      type: fc.constant('write' as const),
      id: fc.constantFrom('a', 'b', 'c'),
      generation: fc.integer({ min: 1, max: 4 }),
      contents: fc.uniqueArray(content),
    }),
    fc.record({ type: fc.constant('wait' as const) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const target = await open(memoryKv());
      for (const taken of steps) {
        if (taken.type === 'bring') await bring(target, taken.content);
        else if (taken.type === 'wait') await clock.advance(WEEK / 2);
        else {
          await target.writeBatch({ revisions: [revision(taken.id, taken.generation, taken.contents.join(''))] });
        }
      }
      expect(await problemsOf(target)).toEqual([]);
    }),
    { numRuns: 60 },
  );
});

test('Many contents at once are written together, also under small limits', async () => {
  const store = memoryKv({ limits: denoKvLimits });
  const target = await open(store);
  const contents = Array.from({ length: 300 }, (_, index) => String.fromCharCode(0x21 + (index % 90)) + index);
  await Promise.all(contents.map((content) => bring(target, content, 5000)));
  expect(await target.hasContent(contents.map(digestOf))).toEqual(new Set(contents.map(digestOf)));
  expect(await problemsOf(target)).toEqual([]);
});

describe('A damaged content', () => {
  let damager: Damager;

  beforeEach(async () => {
    await bring(replica, 'x', 600_000);
    await replica.writeBatch({ revisions: [revision('doc', 1, 'x', 600_000)] });
    damager = await Damager.of(kv);
  });

  async function keyOf(kind: string): Promise<string[]> {
    const { entries } = await kv.page({ prefix: damager.key(kind) }, { limit: 1 });
    return entries[0]?.key.slice(3).map(String) ?? [];
  }

  test.each<[string, string, () => Promise<unknown>]>([
    [
      'with a piece less',
      'A piece of a content is not there',
      async () => {
        const [digest = '', transfer = ''] = await keyOf('piece');
        await damager.remove('piece', digest, transfer, 2);
      },
    ],
    [
      'with a bit turned over',
      'A piece of a content is not what was written',
      async () => {
        const [digest = '', transfer = ''] = await keyOf('piece');
        await damager.bend(['piece', digest, transfer, 1], (bytes) =>
          bytes.map((byte, at) => (at === 999 ? byte ^ 4 : byte)),
        );
      },
    ],
    [
      'without its record',
      'The content of an attachment is not on record',
      () => damager.remove('content', digestOf('x')),
    ],
    [
      'with a record that is none',
      'The record of a content cannot be read',
      () => damager.put(['content', digestOf('x')], '{}'),
    ],
    [
      'that is named too often',
      'Contents are counted as named 2 times, and are named 1 times',
      () => damager.edit<object>(['content', digestOf('x')], (record) => ({ ...record, references: 2 })),
    ],
    [
      'that is loose and named',
      'A content that nobody names is not among those, or one that is named is',
      () => damager.edit<object>(['content', digestOf('x')], (record) => ({ ...record, looseSince: 1 })),
    ],
    [
      'of which a piece belongs to nobody',
      'A piece belongs to no content',
      () => damager.put(['piece', digestOf('x'), 'zzz', 0], 'lost'),
    ],
    [
      'that is said to be loose',
      'A content is among those that nobody names, and says otherwise',
      () => damager.put(['loose', 5, digestOf('x')], ''),
    ],
    [
      'on a way that cannot be read',
      'The record of a transfer cannot be read',
      () => damager.put(['transfer', digestOf('x'), 't'], '{}'),
    ],
  ])('%s is found', async (_, message, damage) => {
    expect(await problemsOf(replica)).toEqual([]);
    await damage();
    expect(await problemsOf(replica)).toContain(`content: ${message}`);
  });

  test('is not read', async () => {
    const [digest = '', transfer = ''] = await keyOf('piece');
    await damager.bend(['piece', digest, transfer, 1], (bytes) =>
      bytes.map((byte, at) => (at === 999 ? byte ^ 4 : byte)),
    );
    const attachment = await replica.attachment('doc', 'x');
    await expect(attachment?.blob()).rejects.toSatisfy((error) => isStoreError(error) && error.failure === 'corrupt');
  });
});

test('A replica that is destroyed leaves no content', async () => {
  await bring(replica, 'x', 600_000);
  await replica.destroy();
  expect(await recordsOf(kv)).toEqual({});
});

test('A content is not read after its replica is closed', async () => {
  await bring(replica, 'x', 600_000);
  await replica.writeBatch({ revisions: [revision('doc', 1, 'x', 600_000)] });
  const attachment = await replica.attachment('doc', 'x');
  await replica.close();
  await expect(attachment?.blob()).rejects.toThrow('is closed');
});
