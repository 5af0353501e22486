import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { contentsOf, leafOf, leavesOf, recordedDatabase, replayRecording } from '../support/recorded-database.ts';
import { inOrder, type ShownLeaf } from '../support/shown-leaves.ts';
import { type BrowserSuite, startOrigin } from './bed.ts';
import { ask, openTab } from './tab.ts';

/** A database of everything awkward, as CouchDB 3.4.3 told of it. */
export const recorded: BrowserSuite = ({ browser, siteUrl }) => [
  {
    name: 'The recorded database comes out with every leaf, its ancestry and its text, and every attachment byte by byte',
    async run() {
      const { server, source } = await startOrigin();
      const context = await browser.newContext();
      try {
        await replayRecording(source);
        const page = await openTab(context, siteUrl);
        await ask(page, 'start', source.url, { mode: 'oneshot' });
        assert.equal((await ask(page, 'done'))?.docsFailed, 0);
        const expected = await recordedDatabase();

        const held = new Map<string, ShownLeaf[]>();
        for (const { id, text } of await ask(page, 'leaves')) held.set(id, [...(held.get(id) ?? []), leafOf(text)]);
        const told = new Map(expected.docs.map((document) => [document.id, leavesOf(document)]));
        assert.deepEqual(inOrder(held), inOrder(told));
        const revisions = (leaves: readonly ShownLeaf[] = []): string[] => leaves.map(({ rev }) => rev);
        // The winner first, the others as the feed lists them.
        for (const { id, changes } of expected.docs) assert.deepEqual([id, revisions(held.get(id))], [id, changes]);
        const { docCount, docDelCount, attachmentsMissing } = await ask(page, 'info');
        assert.deepEqual([docCount, docDelCount], [expected.docCount, expected.docDelCount]);

        const contents = expected.docs.flatMap(contentsOf);
        assert.ok(contents.length > 20);
        for (const { id, rev, name, data, digest } of contents) {
          const content = await ask(page, 'content', id, name, rev);
          assert.deepEqual([id, name, data === undefined ? md5Of(content) : content], [id, name, data ?? digest]);
        }
        assert.equal(attachmentsMissing, 0);
        assert.deepEqual(await ask(page, 'problems', source.url), []);
      } finally {
        await context.close();
        await server.close();
      }
    },
  },
];

function md5Of(base64: string): string {
  return `md5-${createHash('md5').update(Buffer.from(base64, 'base64')).digest('base64')}`;
}
