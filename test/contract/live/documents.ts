import { equal, ok } from '../assert.ts';
import type { LiveCase } from '../live-case.ts';
import { settle, watch, write } from './actions.ts';

/** Documents that are watched one by one. */
export const documents: readonly LiveCase[] = [
  {
    name: 'shows a document as it is, and as it becomes',
    async run(open) {
      const replica = await open();
      const other = await open();
      const doc = watch(replica.doc$('a'));
      equal(await doc.until(() => true), undefined, 'An unknown document');
      for (const [by, path] of [
        [replica, '1-x'],
        [other, '2-y x'],
        [replica, '3-z y x'],
      ] as const) {
        await write(by, 'a', path);
        const rev = path.split(' ')[0];
        equal(await doc.until((now) => now?._rev === rev), { _id: 'a', _rev: rev, of: rev }, 'The document');
      }
      equal(await watch(other.doc$('a')).until(() => true), { _id: 'a', _rev: '3-z', of: '3-z' }, 'To who comes late');
    },
  },
  {
    name: 'shows a document no more when it is deleted, and again when it comes back',
    async run(open) {
      const replica = await open();
      await write(replica, 'a', '1-x');
      const doc = watch(replica.doc$('a'));
      await doc.until((now) => now !== undefined);
      await write(replica, 'a', '2-y x!');
      await doc.until((now) => now === undefined);
      await write(replica, 'a', '3-z y x');
      await doc.until((now) => now?._rev === '3-z');
      equal(doc.values.length, 3, 'How often it was shown');
    },
  },
  {
    name: 'shows a document only when it has become another one',
    async run(open) {
      const [replica, writer] = [await open(), await open()];
      await write(replica, 'a', '2-y x');
      const doc = watch(replica.doc$('a'));
      const absent = watch(replica.doc$('b'));
      await Promise.all([doc.until(() => true), absent.until(() => true)]);
      await write(writer, 'a', '2-w x', '1-v!');
      await write(writer, 'other', '1-x');
      await write(writer, 'b', '1-x!');
      await replica.writeCheckpoint({ id: 'pull', value: { seq: 1 } });
      await settle(replica, writer);
      equal(doc.values.length, 1, 'How often the document was shown');
      equal(absent.values.length, 1, 'How often it was shown that there is none');
    },
  },
  {
    name: 'shows rivals as they come and go, and ancestry as it grows, where these are asked for',
    async run(open) {
      const replica = await open();
      await write(replica, 'a', '3-z y');
      const plain = watch(replica.doc$('a'));
      const rivals = watch(replica.doc$('a', { conflicts: true }));
      const ancestry = watch(replica.doc$('a', { revs: true }));
      await Promise.all([plain, rivals, ancestry].map((doc) => doc.until(() => true)));
      await write(replica, 'a', '2-w x');
      equal((await rivals.until((doc) => doc?.['_conflicts'] !== undefined))?.['_conflicts'], ['2-w'], 'The conflicts');
      await write(replica, 'a', '3-v w x!');
      await rivals.until((doc) => doc !== undefined && !('_conflicts' in doc));
      await write(replica, 'a', '3-z y x');
      const grown = await ancestry.until((doc) => JSON.stringify(doc?.['_revisions']).includes('"x"'));
      equal(grown?.['_revisions'], { start: 3, ids: ['z', 'y', 'x'] }, 'The ancestry');
      await settle(replica, replica);
      equal([plain.values.length, rivals.values.length, ancestry.values.length], [1, 3, 2], 'How often each was shown');
    },
  },
  {
    name: 'never shows something older than before, and comes to the last of many quick changes',
    async run(open) {
      const [replica, writer] = [await open(), await open()];
      const doc = watch(replica.doc$('a'));
      const all = watch(replica.docs$());
      const last = 60;
      const ids: string[] = [];
      for (let generation = 1; generation <= last; generation += 1) {
        ids.unshift(`r${generation}`);
        await write(generation % 2 === 0 ? writer : replica, 'a', `${generation}-${ids.join(' ')}`);
      }
      const rev = `${last}-r${last}`;
      await doc.until((now) => now?._rev === rev);
      await all.until(([now]) => now?._rev === rev);
      const generations = [doc.values.map((now) => now?._rev), all.values.map(([now]) => now?._rev)];
      for (const shown of generations.map((revs) => revs.map((name) => Number.parseInt(name ?? '0', 10)))) {
        ok(
          shown.every((generation, index) => index === 0 || generation > (shown[index - 1] ?? 0)),
          `Shown were ${shown}`,
        );
      }
    },
  },
  {
    name: 'shows who comes at once what is there then, whoever else is watching the same',
    async run(open) {
      const replica = await open();
      const [doc, all] = [watch(replica.doc$('a')), watch(replica.docs$())];
      await Promise.all([doc.until(() => true), all.until(() => true)]);
      const ids: string[] = [];
      for (let generation = 1; generation <= 20; generation += 1) {
        ids.unshift(`r${generation}`);
        const rev = `${generation}-r${generation}`;
        const looking = generation % 3 === 0 ? watch(replica.doc$('b')) : undefined;
        await write(replica, 'a', `${generation}-${ids.join(' ')}`);
        const [late, lateToAll] = [watch(replica.doc$('a')), watch(replica.docs$())];
        equal((await late.until(() => true))?._rev, rev, 'The document');
        equal((await lateToAll.until(() => true))[0]?._rev, rev, 'The list');
        for (const one of [late, lateToAll, looking]) one?.leave();
      }
    },
  },
  {
    name: 'shows nothing to who has left',
    async run(open) {
      const replica = await open();
      const [leaving, staying] = [watch(replica.doc$('a')), watch(replica.doc$('a'))];
      await Promise.all([leaving.until(() => true), staying.until(() => true)]);
      leaving.leave();
      await write(replica, 'a', '1-x');
      await staying.until((doc) => doc !== undefined);
      equal(leaving.values.length, 1, 'How often it was shown');
    },
  },
];
