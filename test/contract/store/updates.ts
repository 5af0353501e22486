import type { Key, Kv } from '../../../src/kv/kv.ts';
import { equal, ok, rejection } from '../assert.ts';
import type { StoreCase } from '../store-case.ts';
import { entries, get, keys, remove, says, set, value } from './actions.ts';

/** What an update does, when nobody else writes. */
export const updates: readonly StoreCase[] = [
  {
    name: 'sets, replaces and deletes, all in one update',
    async run(open) {
      const kv = await open();
      await set(kv, [['deleted'], ['kept'], ['replaced']], 'before');
      const result = { any: 'value' };
      const returned = await kv.update([], () => ({
        set: [
          [['replaced'], value('after')],
          [['new'], value('after')],
        ],
        delete: [['deleted']],
        result,
      }));
      ok(returned === result, 'The result is not what the decision gave');
      const found = await entries(kv);
      equal(
        found.map((entry) => [entry.key[0], says(entry)]),
        [
          ['kept', 'before'],
          ['new', 'after'],
          ['replaced', 'after'],
        ],
      );
    },
  },
  {
    name: 'deletes what is not there without harm',
    async run(open) {
      const kv = await open();
      await set(kv, [['b']]);
      await remove(kv, [['a'], ['b', 'c'], ['b'], ['b']]);
      await remove(kv, [['b']]);
      equal(await keys(kv), []);
      await set(kv, [['b']]);
      equal(await keys(kv), [['b']]);
    },
  },
  {
    name: 'deletes before it sets, and lets the last value of a key stand',
    async run(open) {
      const kv = await open();
      await set(kv, [['a'], ['b']]);
      await kv.update([], () => ({
        set: [
          [['a'], value('first')],
          [['b'], value('set')],
          [['a'], value('last')],
        ],
        delete: [['b'], ['a']],
        result: undefined,
      }));
      equal((await kv.read([['a'], ['b']])).map(says), ['last', 'set']);
    },
  },
  {
    name: 'shows the guarded entries to the decision, in their order, as they are read',
    async run(open) {
      const kv = await open();
      await set(kv, [['a'], ['b']]);
      const guards: Key[] = [['b'], ['absent'], ['a']];
      const seen = await kv.update(guards, (guarded) => ({ result: guarded }));
      equal(seen, await kv.read(guards));
      equal(seen.map(says), ['["b"]', undefined, '["a"]']);
    },
  },
  {
    name: 'does nothing when nothing is decided',
    async run(open) {
      const kv = await open();
      await set(kv, [['a']]);
      const before = await entries(kv);
      equal(await kv.update([], () => ({ result: 1 })), 1);
      equal(await kv.update([['a']], () => ({ set: [], delete: [], result: 2 })), 2);
      equal(await entries(kv), before);
    },
  },
  {
    name: 'changes nothing when the decision throws, and passes its error on',
    async run(open) {
      const kv = await open();
      await set(kv, [['a']]);
      const before = await entries(kv);
      const reason = new Error('Undecided');
      const throwing = kv.update([['a']], () => {
        throw reason;
      });
      ok((await rejection(throwing, 'The update')) === reason, 'The error is not the one of the decision');
      equal(await entries(kv), before);
      await set(kv, [['a']], 'after');
      equal(says(await get(kv, ['a'])), 'after');
    },
  },
  {
    name: 'does not decide for a signal that is aborted already',
    async run(open) {
      const kv = await open();
      const reason = new Error('Too late');
      let decided = false;
      const decide = () => {
        decided = true;
        return { set: [[['a'], value('written')] as const], result: undefined };
      };
      const aborted = kv.update([['a']], decide, { signal: AbortSignal.abort(reason) });
      ok((await rejection(aborted, 'The update')) === reason, 'The error is not the reason of the signal');
      ok(!decided, 'The decision ran');
      equal(await entries(kv), []);
    },
  },
  {
    name: 'shows a commit to every look that begins after it, relaxed or strict',
    async run(open) {
      const kv = await open();
      await showsCommits(kv, kv);
    },
  },
  {
    name: 'shows a commit to every look of another handle that begins after it, relaxed or strict',
    needs: 'several',
    async run(open) {
      await showsCommits(await open(), await open());
    },
  },
  {
    name: 'gives every commit that touches a key a version that the key never had',
    async run(open) {
      const kv = await open();
      const versions: (string | undefined)[] = [];
      for (let round = 0; round < 4; round += 1) {
        for (const same of ['same', 'same', 'other']) {
          await set(kv, [['k']], same);
          versions.push((await get(kv, ['k']))?.version);
        }
        await remove(kv, [['k']]);
        equal(await get(kv, ['k']), undefined, 'What was deleted');
      }
      await kv.update([], () => ({ set: [[['k'], value('new')]], delete: [['k']], result: undefined }));
      versions.push((await get(kv, ['k']))?.version);
      ok(
        versions.every((version) => typeof version === 'string'),
        'A version is no text',
      );
      equal(new Set(versions).size, 13, 'The number of different versions');
    },
  },
  {
    name: 'leaves the version of a key alone when it is not touched',
    async run(open) {
      const kv = await open();
      await set(kv, [['a'], ['b']]);
      const before = await get(kv, ['a']);
      await set(kv, [['b'], ['c']]);
      await remove(kv, [['b']]);
      await kv.update([['a']], () => ({ set: [[['b'], value('')]], result: undefined }));
      equal(await get(kv, ['a']), before);
    },
  },
  {
    name: 'tells the same version in every kind of look',
    async run(open) {
      const kv = await open();
      await set(kv, [['a'], ['b']]);
      await set(kv, [['b']]);
      const both: Key[] = [['a'], ['b']];
      const read = await kv.read(both);
      equal((await kv.page({ prefix: [] })).entries, read, 'The page');
      equal((await kv.page({ prefix: [] }, { reverse: true })).entries, [...read].reverse(), 'The reversed page');
      equal(await kv.update(both, (seen) => ({ result: seen })), read, 'What the guards see');
    },
  },
];

async function showsCommits(writer: Kv, reader: Kv): Promise<void> {
  for (const [at, durability] of (['relaxed', 'strict', undefined, 'relaxed'] as const).entries()) {
    const text = `value ${at}`;
    await writer.update([], () => ({ set: [[['k'], value(text)]], result: undefined }), { durability });
    equal(says(await get(reader, ['k'])), text, 'What was read');
    equal((await reader.page({ prefix: [] })).entries.map(says), [text], 'The page');
    equal(await reader.update([['k']], ([seen]) => ({ result: says(seen) })), text, 'What a guard sees');
  }
}
