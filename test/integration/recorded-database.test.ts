import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fsKv } from '../../adapters/fs/index.ts';
import { splitDocument } from '../../src/core/document-text.ts';
import { arrayElements, memberText } from '../../src/core/json-text.ts';
import { openReplica } from '../../src/replica/replica.ts';
import { runCli } from '../adapters/cli/run-cli.ts';
import { createDatabase, type SourceDatabase } from '../support/source-database.ts';
import { type IntegrationServer, integrationServers } from './servers.ts';

/** The writes that made a database of everything awkward, and what CouchDB 3.4.3 then told of each of its documents. */
interface Recording {
  readonly steps: readonly { readonly docs: readonly string[]; readonly status: number; readonly answer?: unknown }[];
}
interface RecordedDatabase {
  readonly docCount: number;
  readonly docDelCount: number;
  readonly docs: readonly {
    readonly id: string;
    readonly changes: readonly string[];
    readonly deleted?: boolean;
    readonly get: { readonly status: number; readonly body: string };
    readonly openRevs: { readonly body: string };
  }[];
}

async function recorded<T>(name: string): Promise<T> {
  return JSON.parse(gunzipSync(await readFile(new URL(`../oracle/${name}.json.gz`, import.meta.url))).toString()) as T;
}

interface Attachments {
  readonly [name: string]: {
    readonly content_type: string;
    readonly digest: string;
    readonly revpos: number;
    readonly length?: number;
    readonly data?: string;
    readonly stub?: boolean;
  };
}

/** What CouchDB compresses unless it is told otherwise. */
const COMPRESSED = /^(text\/.*|application\/(javascript|json|xml))$/;

/** A leaf revision, its body as text, its attachments without what depends on how they were asked for. */
function leafOf(text: string): {
  rev: string;
  revisions: unknown;
  deleted: boolean;
  body: string;
  attachments: unknown;
} {
  const {
    _rev,
    _revisions,
    _deleted,
    _attachments = {},
  } = JSON.parse(text) as {
    _rev: string;
    _revisions: unknown;
    _deleted?: boolean;
    _attachments?: Attachments;
  };
  const attachments = Object.entries(_attachments).map(([name, { content_type, digest, revpos }]) => [
    name,
    content_type,
    // CouchDB keeps texts compressed and digests that; of two versions of zlib each makes other bytes of the same text.
    COMPRESSED.test(content_type) ? digest.replace(/^md5-.{24}$/, 'md5') : digest,
    revpos,
  ]);
  return { rev: _rev, revisions: _revisions, deleted: _deleted === true, body: splitDocument(text).body, attachments };
}

function md5Of(content: Uint8Array): string {
  return `md5-${createHash('md5').update(content).digest('base64')}`;
}

describe.each(integrationServers.filter(([, , { isRecorded }]) => isRecorded))(
  'The recorded database on %s',
  (_name, open) => {
    let server: IntegrationServer;
    let source: SourceDatabase;
    let folder: string;
    let expected: RecordedDatabase;
    let exported: Map<string, string[]>;
    let summary: string;

    beforeAll(async () => {
      server = await open();
      source = await createDatabase(server.url);
      expected = await recorded('expected');
      const { steps } = await recorded<Recording>('replica-src');
      for (const { docs, status } of steps) expect((await source.replicate(docs)).status).toBe(status);
      folder = await mkdtemp(join(tmpdir(), 'couchtide-recorded-'));
      const pulled = await runCli(['pull', source.url, folder]);
      expect([pulled.code, pulled.stderr]).toEqual([0, '']);
      summary = pulled.stdout;
      const { code, stdout, stderr } = await runCli(['export', folder, '--conflicts', '--revs']);
      expect([code, stderr]).toEqual([0, '']);
      exported = new Map();
      for (const line of stdout.split('\n').filter((text) => text !== '')) {
        const { _id } = JSON.parse(line) as { _id: string };
        exported.set(_id, [...(exported.get(_id) ?? []), line]);
      }
    });
    afterAll(async () => {
      await source.destroy();
      await server.close();
      await rm(folder, { recursive: true });
    });

    test('comes out with every document, and no other', () => {
      expect([...exported.keys()].sort()).toEqual(expected.docs.map(({ id }) => id).sort());
      expect(summary).toContain(`holds ${expected.docCount} documents and ${expected.docDelCount} tombstones`);
    });

    test('comes out with the leaves, winners, ancestry and text of every document as CouchDB has them', () => {
      for (const { id, changes, openRevs } of expected.docs) {
        const leaves = (exported.get(id) ?? []).map(leafOf);
        // The winner first, the others as the feed lists them.
        expect([id, leaves.map(({ rev }) => rev)]).toEqual([id, changes]);
        const list = openRevs.body.trim();
        const told = arrayElements(list, 0).map(({ start, end }) =>
          leafOf(memberText(list.slice(start, end), 0, 'ok') ?? '{}'),
        );
        const byRev = (a: { rev: string }, b: { rev: string }): number => (a.rev < b.rev ? -1 : 1);
        expect([id, [...leaves].sort(byRev)]).toEqual([id, told.sort(byRev)]);
      }
    });

    test('comes out with the winners as a plain GET shows them, member for member', () => {
      for (const { id, get } of expected.docs) {
        if (get.status !== 200) continue;
        const body = get.body.trim();
        const ours = exported.get(id)?.[0] ?? '{}';
        expect(splitDocument(ours).body).toBe(splitDocument(body).body);
        const theirs = JSON.parse(body) as { _conflicts?: string[]; _deleted_conflicts?: string[] };
        const losers = (exported.get(id) ?? []).slice(1).map(leafOf);
        expect(losers.filter(({ deleted }) => !deleted).map(({ rev }) => rev)).toEqual(theirs._conflicts ?? []);
        expect(losers.filter(({ deleted }) => deleted).map(({ rev }) => rev)).toEqual(theirs._deleted_conflicts ?? []);
      }
    });

    test('keeps the text of numbers that no JavaScript number holds', () => {
      const all = [...exported.values()].flat().join('\n');
      expect(all).toContain('1152921504606846976');
      expect(all).toMatch(/[^0-9]\d{60}[^0-9]/);
    });

    test('shows every attachment as a stub', () => {
      const stubs = [...exported.values()]
        .flat()
        .flatMap((line) => Object.values((JSON.parse(line) as { _attachments?: Attachments })._attachments ?? {}));
      expect(stubs.length).toBeGreaterThan(20);
      for (const stub of stubs) expect(stub).toMatchObject({ stub: true, length: expect.any(Number) });
      expect(summary).not.toContain('not fetched');
    });

    test('has every attachment of every leaf, byte by byte', async () => {
      const kv = await fsKv(folder, { readOnly: true });
      try {
        const replica = await openReplica(kv, source.name);
        let contents = 0;
        for (const { id, openRevs } of expected.docs) {
          for (const { ok } of JSON.parse(openRevs.body) as { ok: { _rev: string; _attachments?: Attachments } }[]) {
            for (const [name, { data, digest }] of Object.entries(ok._attachments ?? {})) {
              const attachment = await replica.attachment(id, name, { rev: ok._rev });
              const content = Buffer.from((await (await attachment?.blob())?.arrayBuffer()) ?? new ArrayBuffer());
              // Of the largest ones, which CouchDB keeps as they are, only the digest was recorded.
              const found = data === undefined ? md5Of(content) : content.toString('base64');
              expect([id, name, found]).toEqual([id, name, data ?? digest]);
              contents += 1;
            }
          }
        }
        expect(contents).toBeGreaterThan(20);
      } finally {
        await kv.close();
      }
    });
  },
);
