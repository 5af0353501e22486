import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fsKv } from '../../adapters/fs/index.ts';
import { splitDocument } from '../../src/core/document-text.ts';
import { openReplica } from '../../src/replica/replica.ts';
import { runCli } from '../adapters/cli/run-cli.ts';
import {
  contentsOf,
  leafOf,
  leavesOf,
  type RecordedDatabase,
  recordedDatabase,
  replayRecording,
  type ShownAttachments,
} from '../support/recorded-database.ts';
import { inOrder } from '../support/shown-leaves.ts';
import { createDatabase, type SourceDatabase } from '../support/source-database.ts';
import { type IntegrationServer, integrationServers } from './servers.ts';

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
      expected = await recordedDatabase();
      await replayRecording(source);
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
      for (const document of expected.docs) {
        const { id, changes } = document;
        const leaves = (exported.get(id) ?? []).map(leafOf);
        expect([id, leaves.map(({ rev }) => rev)]).toEqual([id, changes]);
        expect(inOrder(new Map([[id, leaves]]))).toEqual(inOrder(new Map([[id, leavesOf(document)]])));
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
        .flatMap((line) => Object.values((JSON.parse(line) as { _attachments?: ShownAttachments })._attachments ?? {}));
      expect(stubs.length).toBeGreaterThan(20);
      for (const stub of stubs) expect(stub).toMatchObject({ stub: true, length: expect.any(Number) });
      expect(summary).not.toContain('not fetched');
    });

    test('has every attachment of every leaf, byte by byte', async () => {
      const kv = await fsKv(folder, { readOnly: true });
      try {
        const replica = await openReplica(kv, source.name);
        const contents = expected.docs.flatMap(contentsOf);
        expect(contents.length).toBeGreaterThan(20);
        for (const { id, rev, name, data, digest } of contents) {
          const attachment = await replica.attachment(id, name, { rev });
          const content = Buffer.from((await (await attachment?.blob())?.arrayBuffer()) ?? new ArrayBuffer());
          const found = data === undefined ? md5Of(content) : content.toString('base64');
          expect([id, name, found]).toEqual([id, name, data ?? digest]);
        }
      } finally {
        await kv.close();
      }
    });
  },
);
