import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { AttachmentStub } from '../../src/core/attachment-stub.ts';
import { couch } from '../../src/couch/couch.ts';
import { collect } from '../support/byte-pieces.ts';
import { prepareGround } from './ground.ts';
import { integrationServers } from './servers.ts';

const photo = Buffer.from(Uint8Array.from({ length: 200_000 }, (_, index) => (index * index) % 251));
const prose = Buffer.from('Die heiße Zypernsonne quälte Max und Victoria ja böse. '.repeat(500));
const names = [
  '1',
  'b.bin',
  'a/b.txt',
  'ü "q" +&?#%20.bin',
  ' leading',
  '0',
  '日本',
  'new\nline',
  'cr\r\nX-Injected: 1',
];

describe.each(integrationServers)('Attachments of %s', (_name, open, { isCouchDb }) => {
  const ground = prepareGround(open);
  const database = () => couch.db(ground.source.url);
  const inline = (content_type: string, content: Uint8Array | string) => ({
    content_type,
    data: Buffer.from(content).toString('base64'),
  });

  test('are read as they were uploaded, in whole and in part', async () => {
    const rev = await ground.source.put({
      _id: 'doc',
      _attachments: {
        photo: inline('image/png', photo),
        prose: inline('text/plain', prose),
        empty: inline('image/png', ''),
        blank: inline('text/plain', ''),
      },
    });
    for (const [name, whole] of Object.entries({ photo, prose, empty: Buffer.of(), blank: Buffer.of() })) {
      const attachment = await database().attachment('doc', name);
      if (attachment === undefined) throw new Error(`There is no ${name}`);
      expect(attachment).toMatchObject({ name, rev, length: whole.byteLength });
      expect((await collect(attachment.bytes())).equals(whole)).toBe(true);
      const part = await database().attachment('doc', name, { rev, range: { start: 1000, end: 1100 } });
      if (part === undefined) throw new Error(`There is no part of ${name}`);
      expect((await collect(part.bytes())).equals(whole.subarray(1000, 1100))).toBe(true);
    }
    expect(await database().attachment('doc', 'nothing')).toBeUndefined();
    expect(await database().attachment('nobody', 'photo')).toBeUndefined();
  });

  test('are those of their revision', async () => {
    const leaf = (rev: string, content: string) => ({
      _id: 'doc',
      _rev: `2-${rev}`,
      _revisions: { start: 2, ids: [rev, 'a'] },
      _attachments: { note: inline('text/plain', content) },
    });
    await ground.source.replicate([leaf('b', 'the loser'), leaf('c', 'the winner')]);
    const read = async (rev?: string) =>
      (await (await database().attachment('doc', 'note', rev === undefined ? {} : { rev }))?.blob())?.text();
    expect([await read(), await read('2-b'), await read('2-c')]).toEqual(['the winner', 'the loser', 'the winner']);
  });

  test('come beside their documents, or else one by one', async () => {
    const contents = new Map(names.map((name, index) => [name, Buffer.from(`${index}`.repeat(index * 1000))]));
    const put = (id: string) =>
      ground.source.put({
        _id: id,
        _attachments: Object.fromEntries(
          [...contents].map(([name, content]) => [
            name,
            inline(name.endsWith('.txt') ? 'text/plain' : 'image/png', content),
          ]),
        ),
      });
    const wanted: { id: string; rev: string }[] = [];
    for (const id of ['a', 'ü/ "b"', 'c\nd', '.']) wanted.push({ id, rev: await put(id) });
    const seen: string[] = [];
    for await (const { result, contents: received } of database().attachedRevisions(wanted)) {
      seen.push(result.id);
      const found = new Map<string, Buffer>();
      for await (const { stub, bytes } of received) found.set(stub.name, plain(stub, await collect(bytes())));
      expect(found).toEqual(contents);
    }
    expect(seen).toEqual(isCouchDb ? wanted.map(({ id }) => id) : []);
    for (const [name, content] of contents) {
      const attachment = await database().attachment('a', name);
      if (attachment === undefined) throw new Error(`There is no ${name}`);
      expect((await collect(attachment.bytes())).equals(content)).toBe(true);
    }
  });
});

/** The content as it was uploaded. */
function plain({ encoding }: AttachmentStub, bytes: Buffer): Buffer {
  return encoding === 'gzip' ? gunzipSync(bytes) : bytes;
}
