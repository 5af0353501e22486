import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type CouchServer, type DatabaseHandle, startServer } from '../../../demo/server/index.ts';
import type { AttachmentStub } from '../../../src/core/attachment-stub.ts';
import { isCouchError, isInputError, isNetworkError, isProtocolError } from '../../../src/core/errors.ts';
import { couch } from '../../../src/couch/couch.ts';
import type { Database } from '../../../src/couch/database.ts';
import { collect, piecesOf } from '../../support/byte-pieces.ts';
import { deferred } from '../../support/deferred.ts';
import { hasty } from '../../support/hasty.ts';
import { type Scripted, type ScriptedServer, startScriptedServer } from '../../support/scripted-server.ts';

const photo = Buffer.from(Uint8Array.from({ length: 300_000 }, (_, index) => (index * index) % 251));
const MEBIBYTE = 1024 * 1024;
const prose = 'The quick brown fox jumps over the lazy dog. '.repeat(8000);

/** Held against each other as a whole: to compare so many bytes one by one takes long. */
function expectBytes(found: Buffer, expected: Uint8Array): void {
  expect([found.byteLength, md5(found)]).toEqual([expected.byteLength, md5(expected)]);
}

const md5 = (bytes: Uint8Array | string): string => `md5-${createHash('md5').update(bytes).digest('base64')}`;

describe('An attachment of CouchDB', () => {
  let server: CouchServer;
  let source: DatabaseHandle;
  let database: Database;
  let rev: string;

  beforeEach(async () => {
    server = await startServer();
    source = server.createDatabase('db');
    database = couch.db(`${server.url}/db`, { platform: hasty, retry: { attempts: 3 } });
    rev = put('doc', {
      'photo.jpg': ['image/jpeg', photo],
      'prose.txt': ['text/plain', prose],
      empty: ['image/png', ''],
    });
    server.requests.reset();
  });
  afterEach(() => server.close());

  function put(
    _id: string,
    contents: Record<string, readonly [type: string, content: string | Uint8Array]>,
    more: object = {},
  ): string {
    const attachments = Object.entries(contents).map(([name, [type, content]]) => [
      name,
      { content_type: type, data: Buffer.from(content).toString('base64') },
    ]);
    return source.put({ _id, ...more, _attachments: Object.fromEntries(attachments) });
  }

  async function stubOf(name: string): Promise<AttachmentStub> {
    const attachment = await database.attachment('doc', name);
    if (attachment === undefined) throw new Error(`No attachment ${name}`);
    server.requests.reset();
    const { contentType, length, digest } = attachment;
    return { name, contentType, length, digest, follows: false };
  }

  describe('as a handle', () => {
    test('is described, and read when it is wanted', async () => {
      const attachment = await database.attachment('doc', 'photo.jpg');
      expect({ ...attachment }).toEqual({
        name: 'photo.jpg',
        rev,
        contentType: 'image/jpeg',
        length: 300_000,
        digest: md5(photo),
      });
      expect(server.requests.all.map(({ path }) => path)).toEqual(['/db/doc?att_encoding_info=true']);
      const blob = await attachment?.blob();
      expect(blob?.type).toBe('image/jpeg');
      expectBytes(Buffer.from((await blob?.arrayBuffer()) ?? new ArrayBuffer(0)), photo);
      expect(server.requests.all[1]?.path).toBe(`/db/doc/photo.jpg?rev=${rev}`);
    });

    test('is the text that was uploaded, whatever the server makes of it', async () => {
      const attachment = await database.attachment('doc', 'prose.txt');
      expect(attachment?.length).toBe(prose.length);
      expect(await (await attachment?.blob())?.text()).toBe(prose);
    });

    test('may be empty, which needs no request', async () => {
      const attachment = await database.attachment('doc', 'empty');
      expect((await attachment?.blob())?.size).toBe(0);
      expect(server.requests.all).toHaveLength(1);
    });

    test.each([
      ['photo.jpg', { start: 10, end: 20 }, 10, 20],
      ['photo.jpg', { start: 299_990 }, 299_990, 300_000],
      ['photo.jpg', { end: 5 }, 0, 5],
      ['photo.jpg', { start: 20, end: 10 }, 20, 20],
      ['photo.jpg', { start: -5, end: 10 ** 9 }, 0, 300_000],
      ['photo.jpg', { start: 10 ** 9 }, 300_000, 300_000],
      ['prose.txt', { start: 100_000, end: 100_009 }, 100_000, 100_009],
      ['prose.txt', { start: 359_990 }, 359_990, 360_000],
    ])('is read in parts: %s, %o', async (name, range, from, to) => {
      const whole = name === 'photo.jpg' ? photo : Buffer.from(prose);
      const attachment = await database.attachment('doc', name, { range });
      expect(attachment?.length).toBe(whole.byteLength);
      if (attachment === undefined) return;
      expectBytes(await collect(attachment.bytes()), whole.subarray(from, to));
    });

    test('is read by stretches where it is long, and a broken connection costs no more than one', async () => {
      const film = Buffer.from(Uint8Array.from({ length: 20 * MEBIBYTE }, (_, at) => (at * 31 + (at >> 8)) & 0xff));
      put('film', { 'film.mp4': ['video/mp4', film] });
      const attachment = await database.attachment('film', 'film.mp4');
      server.requests.reset();
      server.faults.add({ path: /film\.mp4/, skip: 1, times: 1, cut: { bytes: MEBIBYTE } });
      if (attachment === undefined) throw new Error('No attachment');
      expectBytes(await collect(attachment.bytes()), film);
      expect(server.requests.all.map(({ status }) => status)).toEqual([206, 206, 206, 206]);
      expect(server.requests.bytes).toBeLessThan(22 * MEBIBYTE);
      expect(Math.max(...server.requests.all.map(({ bytes }) => bytes))).toBeLessThan(9 * MEBIBYTE);
    });

    test('asks for a part alone where the server gives parts', async () => {
      const attachment = await database.attachment('doc', 'photo.jpg', { range: { start: 10, end: 20 } });
      await attachment?.blob();
      expect(server.requests.all[1]).toMatchObject({ status: 206 });
      expect(server.requests.all[1]?.bytes).toBeLessThan(1000);
    });

    test('stays that of its revision', async () => {
      const attachment = await database.attachment('doc', 'photo.jpg');
      const second = put('doc', { 'photo.jpg': ['image/jpeg', 'new'] }, { _rev: rev });
      expect((await attachment?.blob())?.size).toBe(300_000);
      expect(await database.attachment('doc', 'photo.jpg')).toMatchObject({ rev: second, length: 3 });
      expect(await database.attachment('doc', 'photo.jpg', { rev })).toMatchObject({ rev, length: 300_000 });
      const tombstone = put('doc', { last: ['image/png', 'words'] }, { _rev: second, _deleted: true });
      expect(await database.attachment('doc', 'last')).toBeUndefined();
      const last = await database.attachment('doc', 'last', { rev: tombstone });
      expect(await (await last?.blob())?.text()).toBe('words');
    });

    test('is undefined where there is none', async () => {
      source.put({ _id: 'bare' });
      expect(await database.attachment('doc', 'nothing')).toBeUndefined();
      expect(await database.attachment('doc', 'constructor')).toBeUndefined();
      expect(await database.attachment('bare', 'a')).toBeUndefined();
      expect(await database.attachment('nobody', 'a')).toBeUndefined();
      expect(await database.attachment('doc', 'photo.jpg', { rev: '9-abc' })).toBeUndefined();
    });

    test.each(['a/b.txt', 'ü "q" +&?#%20.bin', ' leading', '1', 'new\nline', 'semi;colon', 'dot/./dot', 'back\\slash'])(
      'has any name: %j',
      async (name) => {
        put(`id of/${name}`, { [name]: ['image/png', 'content'] });
        const attachment = await database.attachment(`id of/${name}`, name);
        expect(await (await attachment?.blob())?.text()).toBe('content');
      },
    );

    test.each([
      ['doc', '..'],
      ['doc', '.'],
      ['doc', ''],
      ['..', 'a'],
    ])('is refused before anything is sent where no url can carry it: %j, %j', async (id, name) => {
      await expect(database.attachment(id, name)).rejects.toSatisfy(isInputError);
      expect(server.requests.all).toHaveLength(0);
    });

    test('fails with the reason of an abort', async () => {
      const abort = new AbortController();
      const attachment = await database.attachment('doc', 'photo.jpg', { signal: abort.signal });
      server.faults.add({ silence: true });
      const reading = attachment?.blob();
      abort.abort(new Error('enough'));
      await expect(reading).rejects.toThrow('enough');
    });
  });

  describe('that is downloaded', () => {
    test('goes on where it broke off, as often as it does', async () => {
      const stub = await stubOf('photo.jpg');
      server.faults.add({ cut: { bytes: 70_000 }, times: 4 });
      expectBytes(await collect(database.downloadAttachment({ id: 'doc', rev, stub })), photo);
      // How much of a broken answer arrives is up to the network, but every byte arrives once.
      expect(server.requests.all.map(({ status }) => status)).toEqual([200, 206, 206, 206, 206]);
    });

    test('begins again where the server gives no parts, and gives no byte twice', async () => {
      const stub = await stubOf('prose.txt');
      server.faults.add({ cut: { bytes: 900 }, times: 2 });
      expect(String(await collect(database.downloadAttachment({ id: 'doc', rev, stub })))).toBe(prose);
      expect(server.requests.all.map(({ status }) => status)).toEqual([200, 200, 200]);
    });

    test('ends when tries bring nothing more', async () => {
      const stub = await stubOf('photo.jpg');
      server.faults.add({ cut: { bytes: 1000 } });
      await expect(collect(database.downloadAttachment({ id: 'doc', rev, stub }))).rejects.toSatisfy(isNetworkError);
      expect(server.requests.all).toHaveLength(3);
    });

    test('goes on with what came another time', async () => {
      const stub = await stubOf('photo.jpg');
      const after = { offset: 250_000, kept: () => piecesOf(photo.subarray(0, 250_000), 10_000) };
      const rest = await collect(database.downloadAttachment({ id: 'doc', rev, stub }, { after }));
      expectBytes(rest, photo.subarray(250_000));
      expect(server.requests.all).toMatchObject([{ path: `/db/doc/photo.jpg?rev=${rev}`, status: 206 }]);
      server.requests.reset();
      const whole = { offset: 300_000, kept: () => piecesOf(photo, 100_000) };
      expect(await collect(database.downloadAttachment({ id: 'doc', rev, stub }, { after: whole }))).toHaveLength(0);
      expect(server.requests.all).toEqual([]);
    });

    test('is refused when what came another time was something else', async () => {
      const stub = await stubOf('photo.jpg');
      const after = { offset: 1000, kept: () => piecesOf(new Uint8Array(1000), 100) };
      await expect(collect(database.downloadAttachment({ id: 'doc', rev, stub }, { after }))).rejects.toSatisfy(
        (error) => isProtocolError(error) && error.retryable,
      );
    });

    test('that the server keeps packed goes on with what came another time', async () => {
      const stub = await stubOf('prose.txt');
      const after = { offset: 100_000, kept: () => piecesOf(Buffer.from(prose).subarray(0, 100_000), 10_000) };
      const rest = await collect(database.downloadAttachment({ id: 'doc', rev, stub }, { after }));
      expect(String(rest)).toBe(prose.slice(100_000));
    });

    test('is that of the revision, or none', async () => {
      const stub = await stubOf('photo.jpg');
      const other = { ...stub, digest: md5('other') };
      await expect(collect(database.downloadAttachment({ id: 'doc', rev, stub: other }))).rejects.toSatisfy(
        (error) => isProtocolError(error) && !error.retryable,
      );
      await expect(collect(database.downloadAttachment({ id: 'doc', rev: '1-other', stub }))).rejects.toSatisfy(
        (error) => isCouchError(error) && error.status === 404,
      );
      expect(server.requests.all).toHaveLength(2);
    });

    test('does not hold more than a piece of it, nor run ahead', async () => {
      const stub = await stubOf('photo.jpg');
      server.faults.add({ pause: { ms: 0, per: 1000 } });
      let largest = 0;
      for await (const piece of database.downloadAttachment({ id: 'doc', rev, stub }))
        largest = Math.max(largest, piece.byteLength);
      expect(largest).toBeLessThan(100_000);
    });
  });
});

describe('What a server may send for an attachment', () => {
  let server: ScriptedServer;
  afterEach(() => server.close());

  const content = photo.subarray(0, 100_000);
  const stub = {
    name: 'a',
    contentType: 'image/png',
    length: content.byteLength,
    digest: md5(content),
    follows: false,
  };

  async function download(
    script: readonly Scripted[],
    { after = 0, ...changed }: Partial<AttachmentStub> & { after?: number } = {},
  ): Promise<Buffer> {
    server = await startScriptedServer(...script);
    const database = couch.db(`${server.url}/db`, { platform: hasty, retry: { attempts: 3 } });
    const kept = { offset: after, kept: () => piecesOf(content.subarray(0, after), 1000) };
    return collect(
      database.downloadAttachment({ id: 'doc', rev: '1-a', stub: { ...stub, ...changed } }, { after: kept }),
    );
  }
  const send =
    (bytes: Uint8Array, headers: Record<string, string> = {}, status = 200): Scripted =>
    (response) =>
      response.writeHead(status, headers).end(bytes);

  test('is asked for without a type, and from the middle on where something is there', async () => {
    const part = send(content.subarray(60_000), { 'content-range': 'bytes 60000-99999/100000' }, 206);
    expectBytes(await download([part], { after: 60_000 }), content.subarray(60_000));
    expect(server.requests[0]?.headers).toMatchObject({ accept: '*/*', range: 'bytes=60000-' });
  });

  test('may come whole where a part was asked for', async () => {
    expectBytes(await download([send(content)], { after: 60_000 }), content.subarray(60_000));
  });

  test('may come without any of CouchDB’s headers, as a browser shows it of another origin', async () => {
    expect(await download([send(content.subarray(99_999), {}, 206)], { after: 99_999 })).toEqual(
      content.subarray(99_999),
    );
  });

  test.each([
    ['fewer bytes, for good', send(content.subarray(1)), {}, 3],
    ['more bytes', send(Buffer.concat([content, content])), {}, 1],
    ['other bytes', send(Buffer.from(content).fill(1, 50_000, 50_001)), {}, 1],
    ['another part', send(content, { 'content-range': 'bytes 0-99999/100000' }, 206), { after: 1 }, 3],
    ['a part of another size', send(content, { 'content-range': 'bytes 1-99999/200000' }, 206), { after: 1 }, 3],
    ['a part that is not one', send(content, { 'content-range': 'pages 1-2' }, 206), { after: 1 }, 3],
    ['another digest', send(content, { etag: `"${md5('x').slice(4)}"` }), {}, 1],
    ['fewer bytes where only they count', send(Buffer.from('hell'), { 'accept-ranges': 'none' }), { length: 5 }, 3],
    ['more bytes where only they count', send(Buffer.from('hello!'), { 'accept-ranges': 'none' }), { length: 5 }, 1],
  ])('is refused with %s', async (_, script, changed, requests) => {
    await expect(download([script], changed)).rejects.toSatisfy(
      (error) => isProtocolError(error) || isNetworkError(error),
    );
    expect(server.requests).toHaveLength(requests);
  });

  test.each(['W/"abc"', '"abc"', `"${'x'.repeat(22)}==-gzip"`, 'no tag'])(
    'may have the tag %s of a proxy',
    async (etag) => {
      expectBytes(await download([send(content, { etag })]), content);
    },
  );

  const packed = gzipSync(content);
  const unpacked: Partial<AttachmentStub> = { digest: md5(packed) };
  test.each([
    ['as the server says', { ...unpacked }, send(content, { 'accept-ranges': 'none' })],
    ['as the transport shows', { ...unpacked }, send(packed, { 'content-encoding': 'gzip' })],
    ['as the stub says', { ...unpacked, encoding: 'gzip', encodedLength: packed.byteLength }, send(content)],
  ])('is not what its digest is of where it is kept packed, %s', async (_, changed, script) => {
    expectBytes(await download([script], changed), content);
  });

  test('is asked for again where the packing of the transport is damaged', async () => {
    const damaged = Buffer.from(packed).fill(0xff, packed.byteLength - 8);
    const headers = { 'content-encoding': 'gzip', 'accept-ranges': 'none' };
    expectBytes(await download([send(damaged, headers), send(packed, headers)], unpacked), content);
    expect(server.requests).toHaveLength(2);
  });

  test('is waited for as long as the server asks', async () => {
    const busy = send(Buffer.from('{}'), { 'retry-after': '1', 'content-type': 'application/json' }, 429);
    expectBytes(await download([busy, busy, send(content)]), content);
  });

  test.each(['leaves', 'aborts'])('is closed where the reader %s', async (way) => {
    const closed = deferred();
    server = await startScriptedServer((response) => {
      response.on('close', () => closed.resolve());
      response.writeHead(200);
      response.write(content.subarray(0, 50_000));
    });
    const abort = new AbortController();
    const wanted = { id: 'doc', rev: '1-a', stub };
    const pieces = couch.db(`${server.url}/db`).downloadAttachment(wanted, { signal: abort.signal });
    await pieces.next();
    if (way === 'leaves') await pieces.return();
    else {
      abort.abort(new Error('enough'));
      await expect(collect(pieces)).rejects.toThrow('enough');
    }
    await closed.promise;
  });
});
