import { isClosedError } from '../../../src/core/errors.ts';
import type { RevisionToWrite, Target } from '../../../src/replica/target.ts';
import { equal, ok, rejects } from '../assert.ts';
import type { TargetCase } from '../target-case.ts';
import { failures, missing, offered, readCheckpoint, revision, write, writeCheckpoint } from './actions.ts';

/** The end of a handle. */
export const closing: readonly TargetCase[] = [
  {
    name: 'refuses every call after it is closed',
    async run({ open }) {
      const target = await open();
      await write(target, 'a', '1-x');
      await target.close();
      for (const [what, call] of callsOf(target)) await rejects(call(), isClosedError, what);
      equal(await missing(await open(), 'a', '1-x', '2-y'), ['2-y']);
    },
  },
  {
    name: 'says why it was closed, and by whom first',
    async run({ open }) {
      const target = await open();
      const reason = new Error('The user has signed out');
      await target.close(reason);
      await target.close(new Error('Another reason'));
      for (const [what, call] of callsOf(target)) {
        ok((await rejects(call(), isClosedError, what)).cause === reason, `${what} does not say why it was refused`);
      }
    },
  },
  {
    name: 'is closed twice, and twice at once, without harm',
    async run({ open }) {
      const target = await open();
      await Promise.all([target.close(), target.close()]);
      await target.close();
    },
  },
  {
    name: 'leaves other handles alone when one is closed',
    async run({ open }) {
      const [closed, staying] = [await open(), await open()];
      await closed.close();
      await write(staying, 'a', '1-x');
      equal(await missing(staying, 'a', '1-x'), []);
    },
  },
  {
    name: 'finishes or refuses what is under way when it is closed, and is idle then',
    async run({ open }) {
      const target = await open();
      const reason = new Error('The user has signed out');
      const revisions = Array.from({ length: 6 }, (_, at) => revisionsOf(at));
      const underway = Promise.allSettled([
        ...revisions.map((part) => target.writeBatch({ revisions: part })),
        ...callsOf(target).map(([, call]) => call()),
      ]);
      await target.close(reason);
      const another = await open();
      const lacking = await another.diff(offered({ revisions: revisions.flat() }));
      for (const outcome of await underway) {
        if (outcome.status === 'fulfilled') continue;
        const error: unknown = outcome.reason;
        ok(isClosedError(error) && error.cause === reason, `What was under way was refused by ${error}`);
      }
      equal(await another.diff(offered({ revisions: revisions.flat() })), lacking, 'What is missing after a while');
    },
  },
];

function revisionsOf(batch: number): RevisionToWrite[] {
  return Array.from({ length: 50 }, (_, at) => revision(`${batch} ${at}`, '1-x'));
}

/** Every call that a target has, but for those of attachments. */
function callsOf(target: Target): [what: string, call: () => Promise<unknown>][] {
  const calls: [string, () => Promise<unknown>][] = [
    ['Opening', () => target.open()],
    ['A diff', () => target.diff([{ id: 'a', revs: ['1-x'] }])],
    ['A batch', () => write(target, 'a', '2-y x')],
    ['An empty batch', () => target.writeBatch({ revisions: [] })],
  ];
  if (target.readCheckpoint !== undefined) calls.push(['Reading a checkpoint', () => readCheckpoint(target, 'pull')]);
  if (target.writeCheckpoint !== undefined)
    calls.push(['Writing a checkpoint', () => writeCheckpoint(target, 'pull', {})]);
  if (target.failed !== undefined) calls.push(['Reading failures', () => failures(target)]);
  const { hasContent, openContent } = target;
  if (hasContent !== undefined) calls.push(['Asking for content', () => hasContent.call(target, ['md5-x'])]);
  if (openContent !== undefined)
    calls.push(['Opening content', () => openContent.call(target, 'md5-x', { length: 1 })]);
  return calls;
}
