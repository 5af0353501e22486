import type { LocalChangesEvent } from '../../../src/index.ts';
import { isInputError } from '../../../src/index.ts';
import { equal, rejects } from '../assert.ts';
import type { LiveCase } from '../live-case.ts';
import { write } from './actions.ts';

/** The changes of a replica. */
export const changes: readonly LiveCase[] = [
  {
    name: 'tells the last change of each document, in order, and from where on to ask next',
    async run(open) {
      const replica = await open();
      equal(await all(replica.changes()), ['end 0'], 'The changes of nothing');
      for (const id of ['a', 'b', 'c']) await write(replica, id, '1-x');
      await write(replica, 'a', '2-y x', '2-z x');
      await write(replica, 'b', '2-y x!');
      const rows = ['3 c 1-x', '4 a 2-z 2-y', '5 b 2-y deleted'];
      equal(await all(replica.changes()), [...rows, 'end 5'], 'All changes');
      equal(await all(replica.changes({ since: 3 })), [...rows.slice(1), 'end 5'], 'The changes since 3');
      equal(await all(replica.changes({ since: 5 })), ['end 5'], 'The changes since the last');
      equal(await all(replica.changes({ since: 'now' })), ['end 5'], 'The changes from now on');
    },
  },
  {
    name: 'goes on telling what is written, by whomever, and when everything is told',
    async run(open) {
      const [replica, writer] = [await open(), await open()];
      await write(writer, 'a', '1-x');
      const feed = untilIdle(replica.changes({ live: true }));
      const fromNow = untilIdle(replica.changes({ live: true, since: 'now' }));
      equal(await feed.next(), ['1 a 1-x', 'idle 1'], 'What there was');
      equal(await fromNow.next(), ['idle 1'], 'What there was, without it');
      await write(writer, 'b', '1-x');
      await write(replica, 'c', '1-x');
      const told: string[] = [];
      while (told.at(-1) !== 'idle 3') told.push(...(await feed.next()));
      equal(
        told.filter((text) => !text.startsWith('idle')),
        ['2 b 1-x', '3 c 1-x'],
        'What was written',
      );
      equal((await fromNow.next())[0], '2 b 1-x', 'What was written from then on');
      await Promise.all([feed.leave(), fromNow.leave()]);
    },
  },
  {
    name: 'ends with the reason of its signal',
    async run(open) {
      const replica = await open();
      const controller = new AbortController();
      const feed = untilIdle(replica.changes({ live: true, signal: controller.signal }));
      await feed.next();
      const waiting = feed.next();
      controller.abort(new Error('Enough'));
      const error = await rejects(waiting, (reason): reason is Error => reason instanceof Error, 'The feed');
      equal(error.message, 'Enough', 'The reason');
    },
  },
  {
    name: 'refuses to begin where this replica has never been',
    async run(open) {
      const replica = await open();
      await write(replica, 'a', '1-x');
      await rejects(all(replica.changes({ since: 2 })), isInputError, 'A change that has not been');
      await rejects(all(replica.changes({ since: 2, live: true })), isInputError, 'A change that has not been, live');
      for (const since of [-1, 0.5, Number.NaN]) {
        await rejects((async () => all(replica.changes({ since })))(), isInputError, `A change numbered ${since}`);
      }
    },
  },
];

async function all(feed: AsyncIterable<LocalChangesEvent>): Promise<string[]> {
  const told: string[] = [];
  for await (const event of feed) told.push(textOf(event));
  return told;
}

/** A live feed, read up to each sign that everything is told. */
function untilIdle(feed: AsyncIterable<LocalChangesEvent>) {
  const iterator = feed[Symbol.asyncIterator]();
  return {
    async next(): Promise<string[]> {
      for (const told: string[] = []; ; ) {
        const { done, value } = await iterator.next();
        if (done) return told;
        told.push(textOf(value));
        if (value.type === 'idle') return told;
      }
    },
    leave: () => iterator.return?.(),
  };
}

function textOf(event: LocalChangesEvent): string {
  if (event.type !== 'row') return `${event.type} ${event.lastSeq}`;
  const { seq, id, changes: leaves, deleted } = event;
  return [seq, id, ...leaves.map(({ rev }) => rev), ...(deleted ? ['deleted'] : [])].join(' ');
}
