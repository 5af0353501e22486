import { describe, expect, test } from 'vitest';
import { memoryKv } from '../../src/kv/memory.ts';
import { openReplica, type Replica } from '../../src/replica/replica.ts';
import type { FailedRevision, Target } from '../../src/replica/target.ts';
import { alteredTarget } from './altered-target.ts';
import { type TargetSubject, targetCases, targetSuite } from './target.ts';
import { tinyCandidates } from './tiny.ts';

/** Targets with one defect each, and the point of the contract that shows it. What is `shared`, all handles of a target share. */
const defects: readonly (readonly [
  defect: string,
  found: string,
  spoil: (target: Replica, shared: Set<string>) => Partial<Target>,
])[] = [
  [
    'has another name each time it is asked',
    'is empty until it holds something, and says who it is',
    (target) => ({ open: async () => ({ ...(await target.open()), uuid: String(performance.now()) }) }),
  ],
  [
    'says for ever that it is empty',
    'is empty until it holds something, and says who it is',
    (target) => ({ open: async () => ({ ...(await target.open()), empty: true }) }),
  ],
  [
    'lacks history',
    'lacks neither leaves nor history, and leaves documents out of which it lacks nothing',
    (target) => ({
      async diff(offered) {
        const isLeaf = async (id: string, rev: string) => (await target.leaves(id)).some((leaf) => leaf.rev === rev);
        return Promise.all(
          offered.map(async ({ id, revs }) => {
            const checked = await Promise.all(revs.map(async (rev) => ((await isLeaf(id, rev)) ? [] : [rev])));
            return { id, missing: checked.flat(), possibleAncestors: [], known: true };
          }),
        );
      },
    }),
  ],
  [
    'names no ancestors',
    'names the leaves that are older than what is missing',
    (target) => ({
      diff: async (offered) => (await target.diff(offered)).map((lacking) => ({ ...lacking, possibleAncestors: [] })),
    }),
  ],
  [
    'keeps the first revision alone',
    'comes to the same document in whatever order revisions arrive',
    (target) => ({
      async writeBatch(batch) {
        const known = await Promise.all(batch.revisions.map(({ id }) => target.leaves(id)));
        return target.writeBatch({ ...batch, revisions: batch.revisions.filter((_, at) => known[at]?.length === 0) });
      },
    }),
  ],
  [
    'does not take ancestors that come later',
    'takes ancestors that come after their successors',
    (target) => ({
      async writeBatch(batch) {
        const lacking = await target.diff(batch.revisions.map(({ id, rev }) => ({ id, revs: [rev] })));
        const isNew = (id: string) => lacking.some((document) => document.id === id);
        return target.writeBatch({ ...batch, revisions: batch.revisions.filter(({ id }) => isNew(id)) });
      },
    }),
  ],
  [
    'counts what it has already',
    'counts what is new',
    (target) => ({
      writeBatch: async (batch) => ({ ...(await target.writeBatch(batch)), written: batch.revisions.length }),
    }),
  ],
  [
    'parses bodies and writes them anew',
    'keeps the text of a body as it came',
    (target) => ({
      writeBatch: ({ revisions, ...batch }) =>
        target.writeBatch({
          ...batch,
          revisions: revisions.map((revision) => ({ ...revision, body: JSON.stringify(JSON.parse(revision.body)) })),
        }),
    }),
  ],
  [
    'forgets attachments',
    'keeps the stubs of attachments with their revision',
    (target) => ({
      writeBatch: ({ revisions, ...batch }) =>
        target.writeBatch({ ...batch, revisions: revisions.map(({ attachments: _, ...revision }) => revision) }),
    }),
  ],
  [
    'passes over in silence what it rejects',
    'records what it has rejected, and how often',
    (target) => ({
      async *failed() {
        for await (const failure of target.failed()) if (!failure.reason.startsWith('Its ')) yield failure;
      },
    }),
  ],
  [
    'does not count tries',
    'records failures, and counts how often they were tried',
    (target) => ({ failed: () => mapped(target.failed(), (failure) => ({ ...failure, attempts: 1 })) }),
  ],
  [
    'writes its checkpoint first',
    'never shows a checkpoint to anybody before what it covers',
    (target) => ({
      async writeBatch({ checkpoint, ...batch }) {
        if (checkpoint !== undefined) await target.writeBatch({ revisions: [], checkpoint });
        await new Promise((resolve) => setTimeout(resolve, 5));
        return target.writeBatch(batch);
      },
    }),
  ],
  [
    'has one checkpoint for all pulls',
    'gives the checkpoint that was written last, of each pull its own',
    (target) => ({
      writeBatch: ({ checkpoint, ...batch }) =>
        target.writeBatch({ ...batch, ...(checkpoint && { checkpoint: { ...checkpoint, id: 'any' } }) }),
      writeCheckpoint: (checkpoint) => target.writeCheckpoint({ ...checkpoint, id: 'any' }),
      readCheckpoint: () => target.readCheckpoint('any'),
    }),
  ],
  [
    'forgets checkpoints that come alone',
    'gives the checkpoint that was written last, of each pull its own',
    () => ({ writeCheckpoint: async () => undefined }),
  ],
  [
    'forgets checkpoints that come with nothing new',
    'takes a checkpoint with a batch, whatever else is in it',
    (target) => ({
      async writeBatch({ checkpoint, ...batch }) {
        const result = await target.writeBatch(batch);
        if (checkpoint !== undefined && result.written > 0) await target.writeCheckpoint(checkpoint);
        return result;
      },
    }),
  ],
  [
    'takes a checkpoint for content',
    'is as empty with a checkpoint as without',
    (target) => ({
      async open() {
        const { checkpoints } = await target.info();
        const state = await target.open();
        return { ...state, empty: state.empty && checkpoints.length === 0 };
      },
    }),
  ],
  [
    'takes a tombstone for nothing',
    'is not empty with nothing but a tombstone',
    (target) => ({ open: async () => ({ ...(await target.open()), empty: (await target.info()).docCount === 0 }) }),
  ],
  [
    'keeps what the source has no more',
    'forgets the leaves that a document is said to have no more, unless none would be left',
    (target) => ({ writeBatch: ({ replace: _, ...batch }) => target.writeBatch(batch) }),
  ],
  [
    'neither stores nor rejects what it does not like',
    'stores or rejects every revision of a batch, whatever is wrong with some of them',
    (target) => ({
      writeBatch: ({ revisions, ...batch }) =>
        target.writeBatch({ ...batch, revisions: revisions.filter(({ rev }) => /^\d-/.test(rev)) }),
    }),
  ],
  [
    'writes what has changed since it looked',
    'counts what several bring at once only once',
    (target) => ({
      async writeBatch(batch) {
        const lacking = await target.diff(batch.revisions.map(({ id, rev }) => ({ id, revs: [rev] })));
        await target.writeBatch(batch);
        return { written: lacking.length, rejected: [] };
      },
    }),
  ],
  ['stays open', 'refuses every call after it is closed', () => ({ close: async () => undefined })],
  [
    'does not say why it was closed',
    'says why it was closed, and by whom first',
    (target) => ({ close: () => target.close() }),
  ],
  [
    'is closed for everybody',
    'leaves other handles alone when one is closed',
    (target, shared) => ({
      writeBatch: async (batch) =>
        shared.has('closed') ? Promise.reject(new Error('Closed')) : target.writeBatch(batch),
      close: async () => void shared.add('closed'),
    }),
  ],
  [
    'goes on writing after it is closed',
    'finishes or refuses what is under way when it is closed, and is idle then',
    (target) => ({
      async writeBatch(batch) {
        for (let turns = 0; turns < 20; turns += 1) await new Promise((resolve) => setImmediate(resolve));
        return target.writeBatch(batch);
      },
      close: async () => undefined,
    }),
  ],
];

describe('The target suite', () => {
  test.each(defects)('finds a target that %s', async (_, found, spoil) => {
    const point = targetCases.find(({ name }) => name === found);
    if (point === undefined) expect.unreachable(`There is no point "${found}"`);
    const kv = memoryKv();
    const shared = new Set<string>();
    const replica = (): Promise<Replica> => openReplica(kv, 'recipes');
    const subject: TargetSubject = {
      async open() {
        const target = await replica();
        return alteredTarget(target, spoil(target, shared));
      },
      leaves: async (id) => (await (await replica()).leaves(id)).map(({ rev }) => rev),
      text: async (id, rev) => (await replica()).text(id, { rev }),
    };
    await expect(point.run(subject)).rejects.toThrow();
  });

  test.each(Object.keys(tinyCandidates))('finds out which parts of the contract are not told: %s', async (name) => {
    const sound = tinyCandidates[name];
    if (sound === undefined) expect.unreachable();
    const [parts] = targetSuite(sound);
    await expect(parts?.run()).resolves.toBeUndefined();
    const optional = ['checkpoints', 'atomic', 'failures', 'content', 'breakable'] as const;
    for (const trait of optional) {
      const has = sound.traits.includes(trait);
      const traits = has ? sound.traits.filter((other) => other !== trait) : [...sound.traits, trait];
      const [mistaken] = targetSuite({ ...sound, traits });
      await expect(mistaken?.run(), `${has ? 'without' : 'with'} ${trait}`).rejects.toThrow();
    }
  });

  test('has a name of its own for every point', () => {
    const names = targetCases.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});

async function* mapped(
  failures: AsyncIterable<FailedRevision>,
  alter: (failure: FailedRevision) => FailedRevision,
): AsyncGenerator<FailedRevision, void, undefined> {
  for await (const failure of failures) yield alter(failure);
}
