import { createHash } from 'node:crypto';
import type { CouchServer } from '../../../demo/server/index.ts';
import { send } from './send.ts';

/** Who could log in when the exchanges were recorded. */
export const ADMINS = { admin: 'password' };
export const USERS = {
  alice: { password: 'pw-alice', roles: ['reader'] },
  bob: { password: 'pw-bob', roles: [] },
  carol: { password: 'pw-carol', roles: [] },
};

/**
 * Builds the databases that the recordings begin with: documents with given revisions, as a replication would write them,
 * and one that was edited.
 *
 * @param binary 1,500 bytes without pattern, the content of `b.bin`
 */
export async function buildState(server: CouchServer, binary: Buffer): Promise<void> {
  const databases = ['wire', 'wire-att', 'wire-empty', 'wire-gone', 'wire-many/slash+plus', 'wire-one', 'wire-private'];
  for (const name of ['_replicator', '_users', ...databases]) server.state.createDatabase(name);
  await replicate(server, 'wire', wire());
  await send(server, 'PUT', '/wire/_local/seed', { x: 1 });
  await send(server, 'PUT', '/wire/_local/%C3%BCn%C3%AF', { x: 2 });
  await replicate(server, 'wire-att', withAttachments(binary));
  await edit(server, binary);
  await replicate(server, 'wire-att', [
    leaf('ünï 😀/x', ['un1'], { _attachments: { a: { content_type: 'image/png', data: base64(TWELVE) } } }),
  ]);
  await replicate(server, 'wire-gone', [{ _id: 'x', _rev: '1-a' }]);
  await replicate(server, 'wire-one', [leaf('only', ['o1'], {})]);
  const security = { admins: { names: [], roles: ['_admin'] }, members: { names: ['bob'], roles: ['staff'] } };
  await send(server, 'PUT', '/wire-private/_security', security);
  await send(server, 'PUT', '/wire-private/x', {});
}

/** Writes revisions as they are (`new_edits=false`). */
export async function replicate(server: CouchServer, database: string, docs: readonly object[]): Promise<void> {
  await send(server, 'POST', `/${encodeURIComponent(database)}/_bulk_docs`, { new_edits: false, docs });
}

/** A revision whose ids are the digests of labels, newest first; its generation is the number of them. */
export function leaf(id: string, labels: readonly string[], members: object, start = labels.length): object {
  const ids = labels.map((label) => createHash('md5').update(label).digest('hex'));
  return { _id: id, _rev: `${start}-${ids[0]}`, _revisions: { start, ids }, ...members };
}

/** Content that has everything in it that could end a part of a multipart body too early. */
const TWELVE = Buffer.from([0, 1, 2, 253, 254, 255, 13, 10, 13, 10, 45, 45]);
const TEXT = 'The quick brown fox jumps over the lazy dog. '.repeat(40);
const OCTETS = 'application/octet-stream';

const ODD_IDS = [
  'ünïcode/日本',
  'a/b?c#d',
  'with space+plus%25',
  'emoji😀',
  'hasOwnProperty',
  'constructor',
  'quote"s\'',
  'עברית',
  ' lead',
  'a&b=c',
  '~tilde',
  'A',
  'a',
  'ä',
  '10',
  '9',
  '..',
  'tab\there',
];

/** In the order of their ids, as CouchDB writes the documents of one request. */
function wire(): object[] {
  const documents = [
    ...ODD_IDS.map((id, i) => leaf(id, [`odd${i}`], { i })),
    ...Array.from({ length: 12 }, (_, i) => {
      return leaf(`f${String(i).padStart(3, '0')}`, [`f${i}`], { type: i % 2 === 0 ? 'y' : 'x', i });
    }),
    leaf('_design/app', ['dd'], DESIGN),
    leaf('_design/other', ['dd2'], { views: {} }),
    leaf('_design/zz/slash', ['dd3'], {}),
    leaf('big', ['big'], { s: 'x'.repeat(70_000) }),
    leaf('conf', ['cb', 'c1'], { v: 'b' }),
    leaf('conf', ['cc', 'c1'], { v: 'c' }),
    leaf('conf', ['cd', 'c1'], { _deleted: true }),
    leaf('conf', ['cf', 'ce', 'c1'], { v: 'f', type: 'x' }),
    leaf('gone', ['g2', 'g1'], { _deleted: true }),
    leaf('gone-body', ['gb2', 'gb1'], { type: 'x', why: 'kept field', _deleted: true }),
    leaf('gone-conf', ['gc2a', 'gc1'], { _deleted: true }),
    leaf('gone-conf', ['gc2b', 'gc1'], { note: 'other', _deleted: true }),
    leaf('multi', ['m3', 'm2', 'm1'], { v: 3 }),
    leaf('plain', ['p1'], { n: 1, s: 'héllo 😀', f: 1.5, nil: null, list: [1, 2, { a: [] }] }),
    { _id: 'shortrev', _rev: '2-abc', _revisions: { start: 2, ids: ['abc', 'x'] } },
    leaf('stemmed', ['s7', 's6', 's5'], { v: 7 }, 7),
  ];
  return documents.sort((a, b) => Buffer.compare(idOf(a), idOf(b)));
}

const DESIGN = {
  language: 'javascript',
  filters: {
    typed: "function(doc, req) { return doc.type === (req.query.type || 'x'); }",
    boom: "function(doc, req) { throw({oops: 'bad'}); }",
  },
  views: { byType: { map: 'function(doc) { if (doc.type) emit(doc.type, null); }' } },
  validate_doc_update:
    "function(n, o, u) { if (n.bad) throw({forbidden: 'no bad documents'}); " +
    "if (n.unauth) throw({unauthorized: 'who are you'}); }",
};

function idOf(document: object): Buffer {
  return Buffer.from('_id' in document ? String(document._id) : '');
}

function withAttachments(binary: Buffer): object[] {
  const twelve = (content_type: string): object => ({ content_type, data: base64(TWELVE) });
  const text = { content_type: 'text/plain', data: base64(TEXT) };
  return [
    leaf('att200k', ['l1'], {
      _attachments: { 'large.bin': { content_type: OCTETS, data: base64(large()) } },
    }),
    leaf('attconf', ['k2a', 'k1'], {
      _attachments: { 'x.txt': { content_type: 'text/plain', data: base64('branch A content') } },
    }),
    leaf('attconf', ['k2b', 'k1'], {
      _attachments: { 'x.txt': { content_type: 'text/plain', data: base64('branch B content, longer') } },
    }),
    leaf('attgone', ['l2', 'l1'], { _deleted: true, _attachments: { 'keep.bin': twelve(OCTETS) } }),
    leaf('evolve', ['e3', 'e2', 'e1'], {
      t: 2,
      _attachments: {
        'old.bin': { ...twelve(OCTETS), revpos: 1 },
        'mid.txt': { ...text, revpos: 2 },
        'new.bin': { content_type: OCTETS, revpos: 3, data: base64(binary) },
      },
    }),
    leaf('nl\nid', ['nl1'], { _attachments: { a: twelve('image/png') } }),
    leaf('noatt', ['n1'], { v: 1 }),
    leaf('noatt2', ['n2'], { v: 2 }),
    leaf('oddnames', ['on1'], {
      _attachments: {
        'q"uote.bin': twelve(OCTETS),
        'semi;colon="x".bin': twelve(OCTETS),
        'new\nline.bin': twelve(OCTETS),
        'cr\r\nX-Injected: 1': twelve(OCTETS),
        '%20.bin': twelve(OCTETS),
        'back\\slash': twelve(OCTETS),
        '日本.txt': { ...text, content_type: 'text/plain; charset=utf-8' },
        'zero-len': { content_type: 'image/png', data: '' },
      },
    }),
    leaf('several', ['a1'], {
      t: 1,
      _attachments: {
        '1': twelve('image/png'),
        'a.txt': text,
        'b.bin': { content_type: OCTETS, data: base64(binary) },
        'empty.txt': { content_type: 'text/plain', data: '' },
        'empty.bin': { content_type: OCTETS, data: '' },
        'dir/ü "q".json': { content_type: 'application/json', data: base64('{"a":1}') },
      },
    }),
  ];
}

/** 200 kB in which every kilobyte is filled with its own number. */
function large(): Buffer {
  return Buffer.from(Uint8Array.from({ length: 204_800 }, (_, i) => Math.floor(i / 1024)));
}

/** A document with four revisions, two attachments written on their own, and kept as stubs by the last edit. */
async function edit(server: CouchServer, binary: Buffer): Promise<void> {
  const { rev: first } = await send(server, 'PUT', '/wire-att/edited', { v: 1 });
  const { rev: second } = await send(server, 'PUT', `/wire-att/edited/one.txt?rev=${first}`, TEXT, 'text/plain');
  const { rev: third } = await send(server, 'PUT', `/wire-att/edited/two.bin?rev=${second}`, binary, OCTETS);
  await send(server, 'PUT', '/wire-att/edited', {
    _rev: third,
    v: 4,
    _attachments: { 'two.bin': { stub: true }, 'one.txt': { stub: true } },
  });
}

function base64(content: string | Buffer): string {
  return Buffer.from(content).toString('base64');
}
