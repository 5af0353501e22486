import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type CouchServer, startServer } from '../../demo/server/index.ts';
import { isStoreError } from '../../src/core/errors.ts';
import { couch } from '../../src/couch/couch.ts';
import { memoryKv } from '../../src/kv/memory.ts';
import type { PullOptions } from '../../src/pull/options.ts';
import { pull } from '../../src/pull/pull.ts';
import type { PullEvent, PullResult } from '../../src/pull/status.ts';
import { openReplica, type Replica } from '../../src/replica/replica.ts';
import { hasty } from '../support/hasty.ts';
import { createDatabase, type SourceDatabase } from '../support/source-database.ts';

let server: CouchServer;
let source: SourceDatabase;
let replica: Replica;

beforeEach(async () => {
  server = await startServer();
  source = await createDatabase(server.url);
  replica = await openReplica(memoryKv(), source.name);
});
afterEach(async () => {
  await server.close();
});

/** Pulls once; the result, what happened, and what it asked for. */
async function pullOnce(options: PullOptions = {}): Promise<PullResult & { readonly events: readonly PullEvent[] }> {
  server.requests.reset();
  const running = pull(couch.db(source.url, { platform: hasty }), replica, { platform: hasty, ...options });
  const events: PullEvent[] = [];
  running.events$.subscribe((event) => events.push(event));
  const result = await running.done;
  return { ...result, events };
}

function inline(content: Uint8Array | string, content_type = 'image/png'): object {
  return { content_type, data: Buffer.from(content).toString('base64') };
}

/** Bytes that differ from place to place, and from seed to seed. */
function bytesOf(length: number, seed = 1): Buffer {
  return Buffer.from(Uint8Array.from({ length }, (_, at) => (at * 31 + (at >> 8) * 7 + seed) & 0xff));
}

async function contentOf(id: string, name: string, rev?: string): Promise<Buffer | undefined> {
  const attachment = await replica.attachment(id, name, rev === undefined ? {} : { rev });
  if (attachment === undefined) return undefined;
  return Buffer.from(await (await attachment.blob()).arrayBuffer());
}

/** The same bytes: a comparison byte by byte would take seconds to show them all. */
function expectSame(content: Buffer | undefined, expected: Buffer): void {
  expect(content?.equals(expected)).toBe(true);
}

async function expectSound(): Promise<void> {
  for await (const event of replica.verify()) {
    if (event.type === 'problem') expect.unreachable(`${event.kind}: ${event.message} ${event.key ?? event.id}`);
  }
}

/** Requests for one attachment alone. */
function downloads(): number {
  return server.requests.count('GET', /\/[^/]+\/[^/_?][^/?]*\/[^/?]+\?rev=/);
}

/** Requests for many revisions with their attachments. */
function bulks(): number {
  return server.requests.count('POST', /_bulk_get/);
}

describe('Attachments', () => {
  test.each([0, 1, 65_535, 65_536, 65_537, 262_111, 262_112, 262_113, 3_000_000])(
    'of %i bytes come out as they were',
    async (length) => {
      const [picture, text] = [bytesOf(length), 'a'.repeat(length)];
      await source.put({ _id: 'doc', _attachments: { picture: inline(picture), text: inline(text, 'text/plain') } });
      const { attachments, docsFailed } = await pullOnce();
      expect([attachments, docsFailed]).toEqual([2, 0]);
      expect((await contentOf('doc', 'picture'))?.equals(picture)).toBe(true);
      expect((await contentOf('doc', 'text'))?.toString()).toBe(text);
      expect(await replica.info()).toMatchObject({ attachmentsMissing: 0, failed: 0 });
      const attachment = await replica.attachment('doc', 'text');
      const stub = JSON.parse((await source.read('/doc')).text)._attachments.text;
      expect(attachment).toMatchObject({ digest: stub.digest, contentType: 'text/plain', length });
      await expectSound();
    },
  );

  test('are read in part', async () => {
    const [picture, text] = [bytesOf(600_000), 'abcdefghij'.repeat(5000)];
    await source.put({ _id: 'doc', _attachments: { picture: inline(picture), text: inline(text, 'text/plain') } });
    await pullOnce();
    for (const [start, end] of [
      [0, 10],
      [262_110, 262_115],
      [599_990, 700_000],
      [300_000, 300_000],
      [-5, 3],
    ] as const) {
      const part = await replica.attachment('doc', 'picture', { range: { start, end } });
      expectSame(
        Buffer.from((await (await part?.blob())?.arrayBuffer()) ?? new ArrayBuffer()),
        picture.subarray(Math.max(0, start), end),
      );
      const words = await replica.attachment('doc', 'text', { range: { start, end } });
      expect(await (await words?.blob())?.text()).toBe(text.slice(Math.max(0, start), Math.max(0, end)));
    }
  });

  test('are fetched and kept once, in however many documents and revisions they are', async () => {
    const [large, small] = [inline(bytesOf(200_000)), inline(bytesOf(100))];
    for (const _id of ['a', 'b', 'c', 'd']) await source.put({ _id, _attachments: { large, again: large, small } });
    const { attachments } = await pullOnce({ batchSize: 2 });
    expect(attachments).toBe(2);
    expect(downloads() + server.requests.count('POST', /_bulk_get/)).toBeLessThanOrEqual(3);
    for (const id of ['a', 'b', 'c', 'd']) expectSame(await contentOf(id, 'again'), bytesOf(200_000));
    await expectSound();
  });

  test('that are here are not fetched again with a new revision of their document', async () => {
    const _attachments = { picture: inline(bytesOf(200_000)), text: inline('abc'.repeat(1000), 'text/plain') };
    const rev = await source.put({ _id: 'doc', _attachments });
    await pullOnce();
    const stubs = JSON.parse((await source.read('/doc')).text)._attachments;
    await source.put({ _id: 'doc', _rev: rev, changed: true, _attachments: stubs });
    const { attachments, bytes } = await pullOnce();
    expect([attachments, downloads(), bulks()]).toEqual([0, 0, 1]);
    expect(bytes).toBeLessThan(3000);
    expectSame(await contentOf('doc', 'picture'), bytesOf(200_000));
    await expectSound();
  });

  test('that are small come many at a time, and alone what has come since', async () => {
    for (let index = 0; index < 150; index += 1) {
      await source.put({
        _id: `doc-${index}`,
        _attachments: { a: inline(bytesOf(500, index)), b: inline(bytesOf(600, index)) },
      });
    }
    const { attachments } = await pullOnce();
    expect([attachments, downloads(), bulks()]).toEqual([300, 0, 2]);
    const stubs = JSON.parse((await source.read('/doc-7')).text);
    await source.put({ ...stubs, _attachments: { ...stubs._attachments, c: inline(bytesOf(700)) } });
    const after = await pullOnce();
    expect([after.attachments, downloads(), bulks()]).toEqual([1, 0, 2]);
    expectSame(await contentOf('doc-7', 'c'), bytesOf(700));
    await expectSound();
  });

  test('are those of their revision, on conflict leaves and tombstones too', async () => {
    const leaf = (rev: string, content: string, deleted = false) => ({
      _id: 'doc',
      _rev: `2-${rev}`,
      _revisions: { start: 2, ids: [rev, 'a'] },
      ...(deleted ? { _deleted: true } : {}),
      _attachments: { note: inline(content, 'text/plain'), photo: inline(content) },
    });
    await source.replicate([leaf('b', 'of b'), leaf('c', 'of c'), leaf('d', 'of d', true)]);
    await pullOnce();
    for (const rev of ['b', 'c', 'd']) {
      expect((await contentOf('doc', 'note', `2-${rev}`))?.toString()).toBe(`of ${rev}`);
      expect((await contentOf('doc', 'photo', `2-${rev}`))?.toString()).toBe(`of ${rev}`);
    }
    expect((await contentOf('doc', 'note'))?.toString()).toBe('of c');
    expect(await replica.attachment('doc', 'nothing')).toBeUndefined();
    expect(await replica.attachment('doc', 'note', { rev: '2-x' })).toBeUndefined();
    expect(await replica.attachment('nobody', 'note')).toBeUndefined();
    await expectSound();
  });

  test('are replaced with their revision, and those that it drops stay on the leaf that has them', async () => {
    const rev = await source.put({ _id: 'doc', _attachments: { note: inline('old') } });
    await pullOnce();
    await source.put({ _id: 'doc', _rev: rev, _attachments: { note: inline('new') } });
    await source.replicate([
      {
        _id: 'doc',
        _rev: '2-0',
        _revisions: { start: 2, ids: ['0', rev.slice(2)] },
        _attachments: { other: inline('lost') },
      },
    ]);
    await pullOnce();
    expect((await contentOf('doc', 'note'))?.toString()).toBe('new');
    expect(await replica.attachment('doc', 'other')).toBeUndefined();
    expect((await contentOf('doc', 'other', '2-0'))?.toString()).toBe('lost');
    await expectSound();
  });

  test.each([100, 100_000])('of %i bytes have any name', async (length) => {
    const names = [
      'a/b.txt',
      'ü.png',
      '"quoted".txt',
      ' leading',
      '1',
      '10',
      '2',
      '%20',
      'new\nline',
      '..',
      '.',
      'x'.repeat(200),
    ];
    const entries = names.map((name, seed) => [name, inline(bytesOf(length, seed))] as const);
    const { status } = await source.replicate([
      `{"_id":"doc","_rev":"1-a","_attachments":{${entries.map(([name, stub]) => `${JSON.stringify(name)}:${JSON.stringify(stub)}`).join(',')}}}`,
    ]);
    expect(status).toBe(201);
    const { docsFailed } = await pullOnce();
    expect(docsFailed).toBe(0);
    for (const [seed, name] of names.entries()) {
      expect([name, (await contentOf('doc', name))?.equals(bytesOf(length, seed))]).toEqual([name, true]);
    }
    await expectSound();
  });
});

describe('What goes wrong with attachments', () => {
  test('a cut is gone on from where it was', async () => {
    const picture = bytesOf(3_000_000);
    await source.put({ _id: 'doc', _attachments: { picture: inline(picture) } });
    server.faults.add({ path: /picture/, cut: { bytes: 2_000_000 }, times: 1 });
    const { docsFailed } = await pullOnce();
    expect([docsFailed, downloads()]).toEqual([0, 2]);
    expect(server.requests.bytes).toBeLessThan(3_200_000);
    expect((await contentOf('doc', 'picture'))?.equals(picture)).toBe(true);
  });

  test('a pull that has failed is gone on with by the next one', async () => {
    const picture = bytesOf(3_000_000);
    await source.put({ _id: 'doc', _attachments: { picture: inline(picture) } });
    const spoil = server.faults.add({ path: /picture/, cut: { bytes: 1_000_000 }, times: 1 });
    const refuse = server.faults.add({ path: /picture|_bulk_get|_all_docs/, skip: 0, reset: true });
    await expect(pullOnce()).rejects.toThrow();
    spoil();
    refuse();
    const { attachments } = await pullOnce();
    expect(attachments).toBe(1);
    expect(server.requests.bytes).toBeLessThan(2_200_000);
    expect((await contentOf('doc', 'picture'))?.equals(picture)).toBe(true);
    await expectSound();
  });

  test.each([
    ['flipped bytes', { garbage: { bytes: 90_000, text: 'x'.repeat(10) }, lengthBy: 10 }],
    ['too little', { lengthBy: -1000 }],
  ])('%s are not stored, but fetched again', async (_, fault) => {
    const picture = bytesOf(100_000);
    await source.put({ _id: 'doc', _attachments: { picture: inline(picture) } });
    server.faults.add({ path: /picture/, ...fault, times: 1 });
    const { docsFailed } = await pullOnce();
    expect(docsFailed).toBe(0);
    expect((await contentOf('doc', 'picture'))?.equals(picture)).toBe(true);
    await expectSound();
  });

  test('a content that never comes right is on record, the document and its neighbours are here, and each pull tries again', async () => {
    for (const _id of ['a', 'b', 'c'])
      await source.put({ _id, _attachments: { picture: inline(bytesOf(100_000, _id.charCodeAt(0))) } });
    const heal = server.faults.add({ path: /\/b\/picture/, answer: { status: 200, body: 'a page of a proxy' } });
    const { docsFailed, events } = await pullOnce();
    expect(docsFailed).toBe(1);
    const failed = { id: 'b', attachment: 'picture', reason: expect.stringContaining('picture') };
    expect(events.filter(({ type }) => type === 'failed')).toEqual([
      { type: 'failed', rev: expect.any(String), ...failed },
    ]);
    expect(await replica.get('b')).toBeDefined();
    expectSame(await contentOf('a', 'picture'), bytesOf(100_000, 97));
    expect(await replica.info()).toMatchObject({ attachmentsMissing: 1, failed: 1 });
    await expect(contentOf('b', 'picture')).rejects.toSatisfy(
      (error) => isStoreError(error) && error.failure === 'missing',
    );
    await expectSound();
    await pullOnce();
    const failures: unknown[] = [];
    for await (const failure of replica.failed()) failures.push(failure);
    expect(failures).toEqual([{ ...failed, rev: expect.any(String), attempts: 2 }]);
    await pullOnce({ attachments: false });
    expect(await replica.info()).toMatchObject({ attachmentsMissing: 1, failed: 1 });
    heal();
    await pullOnce();
    expectSame(await contentOf('b', 'picture'), bytesOf(100_000, 98));
    expect(await replica.info()).toMatchObject({ attachmentsMissing: 0, failed: 0 });
    await expectSound();
  });

  test('an interruption in the middle of a document loses no content that is here', async () => {
    const names = Array.from({ length: 200 }, (_, index) => `file-${index}`);
    await source.put({
      _id: 'doc',
      _attachments: Object.fromEntries(names.map((name, seed) => [name, inline(bytesOf(66_000, seed % 250))])),
    });
    const refuse = server.faults.add({ path: /file-/, skip: 100, answer: { status: 503, body: '{}' } });
    await expect(pullOnce()).rejects.toThrow('503');
    refuse();
    expect(await replica.get('doc')).toBeUndefined();
    const { attachments, docsWritten } = await pullOnce();
    expect([attachments, docsWritten]).toEqual([100, 1]);
    expectSame(await contentOf('doc', 'file-199'), bytesOf(66_000, 199));
    await expectSound();
  });

  test('a server that sends no answers of many parts is asked one by one', async () => {
    for (const _id of ['a', 'b'])
      await source.put({ _id, _attachments: { small: inline(bytesOf(10, _id.charCodeAt(0))) } });
    server.faults.add({ path: /_bulk_get/, answer: { status: 200, body: '{"results":[]}' } });
    const { attachments } = await pullOnce();
    expect([attachments, downloads()]).toEqual([2, 2]);
    expectSame(await contentOf('b', 'small'), bytesOf(10, 98));
  });

  test('an attachment that is no more, as its document has moved on, is replaced by that of the newer revision', async () => {
    const rev = await source.put({ _id: 'doc', _attachments: { old: inline(bytesOf(100_000)) } });
    const database = server.database(source.name);
    server.faults.add({
      path: /\/doc\/old/,
      answer: { status: 404, body: '{"error":"not_found","reason":"missing"}' },
    });
    // The feed is read before the document changes.
    const moved = pull(couch.db(source.url, { platform: hasty }), replica, {
      attachments: {
        match: () => {
          if (database?.text('doc')?.includes('"old"'))
            database.put({ _id: 'doc', _rev: rev, _attachments: { next: inline(bytesOf(100_000, 2)) } });
          return true;
        },
      },
    });
    await moved.done;
    expectSame(await contentOf('doc', 'next'), bytesOf(100_000, 2));
    expect(await replica.info()).toMatchObject({ attachmentsMissing: 0, failed: 0, docCount: 1 });
  });

  test('revpos that are missing, 0 or too high lose nothing', async () => {
    await source.replicate([
      {
        _id: 'doc',
        _rev: '3-c',
        _revisions: { start: 3, ids: ['c', 'b', 'a'] },
        _attachments: {
          none: inline('none'),
          zero: { ...inline('zero'), revpos: 0 },
          high: { ...inline('high'), revpos: 9 },
        },
      },
    ]);
    await pullOnce();
    for (const name of ['none', 'zero', 'high']) expect((await contentOf('doc', name))?.toString()).toBe(name);
  });
});

describe('Attachments that are not wanted', () => {
  test('stay where they are, and come when a later pull wants them', async () => {
    await source.put({ _id: 'doc', _attachments: { small: inline('abc'), large: inline(bytesOf(200_000)) } });
    const without = await pullOnce({ attachments: false });
    expect([without.attachments, downloads(), bulks()]).toEqual([0, 0, 0]);
    expect(await replica.info()).toMatchObject({ attachmentsMissing: 2, failed: 0 });
    await expect(contentOf('doc', 'small')).rejects.toThrow(
      'The content of the attachment "small" of "doc" is not here',
    );
    await expectSound();

    const some = await pullOnce({ attachments: { maxBytes: 1000 } });
    expect([some.attachments, some.attachmentsLeftOut]).toEqual([1, 1]);
    expect(await replica.info()).toMatchObject({ attachmentsMissing: 1 });
    const same = await pullOnce({ attachments: { maxBytes: 1000 } });
    expect([same.attachmentsLeftOut, same.requests]).toEqual([0, 2]);

    const all = await pullOnce();
    expect(all.attachments).toBe(1);
    expectSame(await contentOf('doc', 'large'), bytesOf(200_000));
    expect(await replica.info()).toMatchObject({ attachmentsMissing: 0 });
    await expectSound();
  });

  test('are those that do not match', async () => {
    await source.put({ _id: 'doc', _attachments: { 'a.png': inline('png'), 'a.txt': inline('txt', 'text/plain') } });
    const { attachments } = await pullOnce({
      attachments: { match: ({ contentType }) => contentType === 'image/png' },
    });
    expect(attachments).toBe(1);
    expect((await contentOf('doc', 'a.png'))?.toString()).toBe('png');
    await expect(contentOf('doc', 'a.txt')).rejects.toThrow('is not here');
  });

  test('cannot be a negative number of bytes', () => {
    expect(() => pull(couch.db(source.url), replica, { attachments: { maxBytes: -1 } })).toThrow(
      'attachments.maxBytes',
    );
  });
});
