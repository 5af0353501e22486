import { describe, expect, test } from 'vitest';
import { isLeaseLostError } from '../../src/core/errors.ts';
import type { Job } from '../../src/jobs/job.ts';
import { memoryKv } from '../../src/kv/memory.ts';
import { everythingIn, expectConsistency } from './invariants.ts';
import { PATIENCE, type TimedQueue, TYPE, timedQueue } from './timed-queue.ts';

const ID = 'a';
const DATA = { size: 1 };

/** Brings a job into a state, and gives it as who held it last has it: in every state but some the run is over. */
type Beginning = (timed: TimedQueue) => Promise<Job>;

const beginnings = {
  absent: async (timed) => {
    const job = await held(timed);
    await timed.queue.remove(TYPE, ID);
    return job;
  },
  ready: async (timed) => {
    const job = await held(timed);
    await job.release();
    return job;
  },
  scheduled: async (timed) => {
    const job = await held(timed, timed.now() - 1);
    await job.fail('Not yet', timed.now() + 5000);
    return job;
  },
  running: (timed) => held(timed),
  'running, to run again': async (timed) => {
    const job = await held(timed);
    await timed.queue.add(TYPE, ID, { size: 2 }, { runAt: timed.now() + 7000 });
    return job;
  },
  'running, to be cancelled': async (timed) => {
    const job = await held(timed);
    await timed.queue.cancel(TYPE, ID);
    return job;
  },
  'running elsewhere': async (timed) => {
    const job = await held(timed);
    await job.release();
    await timed.queue.accept(TYPE);
    return job;
  },
  finished: async (timed) => {
    const job = await held(timed);
    await job.finish();
    return job;
  },
  cancelled: async (timed) => {
    const job = await held(timed);
    await timed.queue.cancel(TYPE, ID);
    await job.release();
    return job;
  },
  dead: async (timed) => {
    for (let attempt = 1; ; attempt += 1) {
      const job = await held(timed);
      await job.fail('No', 0);
      if (job.state === 'dead') return job;
      if (attempt > 2) throw new Error('It does not die');
    }
  },
} satisfies Record<string, Beginning>;

type State = keyof typeof beginnings;

/** What becomes of a job: the state that it is in then, `as it was` when nothing was written, or `refused`, and nothing was either. */
type Outcome =
  | 'pending'
  | 'running'
  | 'finished'
  | 'cancelled'
  | 'dead'
  | 'gone'
  | 'as it was'
  | 'refused'
  | 'not found';

interface Operation {
  readonly act: (timed: TimedQueue, job: Job) => Promise<unknown>;
  readonly outcomes: Record<State, Outcome>;
}

/** Of what only who holds the job may do; who ends the run again is told what he was told. */
function byHolder(
  act: Operation['act'],
  running: readonly [Outcome, again: Outcome, cancelled: Outcome],
  repeated: Outcome = 'refused',
): Operation {
  const [once, again, cancelled] = running;
  return {
    act,
    outcomes: {
      absent: 'refused',
      ready: repeated,
      scheduled: repeated,
      running: once,
      'running, to run again': again,
      'running, to be cancelled': cancelled,
      'running elsewhere': repeated,
      finished: repeated,
      cancelled: repeated,
      dead: repeated,
    },
  };
}

const everywhere = (outcome: Outcome): Record<State, Outcome> => {
  const outcomes = Object.keys(beginnings).map((state) => [state, outcome] as const);
  return Object.fromEntries(outcomes) as Record<State, Outcome>;
};
const running = (outcome: Outcome) => ({
  running: outcome,
  'running, to run again': outcome,
  'running, to be cancelled': outcome,
  'running elsewhere': outcome,
});

const operations: Record<string, Operation> = {
  'add, the same': {
    act: ({ queue }) => queue.add(TYPE, ID, DATA),
    outcomes: { ...everywhere('pending'), ...running('running'), ready: 'as it was' },
  },
  'add, other data': {
    act: ({ queue }) => queue.add(TYPE, ID, { size: 3 }),
    outcomes: { ...everywhere('pending'), ...running('running') },
  },
  'add, many': {
    act: ({ queue }) => queue.addAll(TYPE, [{ id: ID, data: { size: 3 } }]),
    outcomes: { ...everywhere('pending'), ...running('running') },
  },
  accept: {
    act: ({ queue }) => queue.accept(TYPE),
    outcomes: { ...everywhere('as it was'), absent: 'not found', ready: 'running' },
  },
  'accept, early': {
    act: ({ queue, now }) => queue.accept(TYPE, { until: now() + 10_000 }),
    outcomes: { ...everywhere('as it was'), absent: 'not found', ready: 'running', scheduled: 'running' },
  },
  cancel: {
    act: ({ queue }) => queue.cancel(TYPE, ID),
    outcomes: {
      ...everywhere('as it was'),
      ...running('running'),
      absent: 'not found',
      ready: 'cancelled',
      scheduled: 'cancelled',
      'running, to be cancelled': 'as it was',
    },
  },
  retry: {
    act: ({ queue }) => queue.retry(TYPE, ID),
    outcomes: {
      ...everywhere('as it was'),
      absent: 'not found',
      finished: 'pending',
      cancelled: 'pending',
      dead: 'pending',
    },
  },
  remove: {
    act: ({ queue }) => queue.remove(TYPE, ID),
    outcomes: { ...everywhere('gone'), absent: 'not found' },
  },
  'its worker is silent': {
    act: async ({ watch, pass }) => {
      const stop = watch();
      await pass(2 * PATIENCE);
      await stop();
    },
    // The second attempt is the last one.
    outcomes: {
      ...everywhere('as it was'),
      absent: 'not found',
      running: 'pending',
      'running, to run again': 'pending',
      'running, to be cancelled': 'cancelled',
      'running elsewhere': 'pending',
    },
  },
  heartbeat: byHolder((_, job) => job.update(), ['running', 'running', 'running']),
  update: byHolder((_, job) => job.update({ done: 1 }), ['running', 'running', 'running']),
  resubmit: byHolder((_, job) => job.resubmit(0, { size: 4 }), ['running', 'running', 'as it was']),
  guard: byHolder(
    (_, job) => job.guard([], () => ({ set: [[['own'], new Uint8Array()]], result: undefined })),
    ['running', 'running', 'running'],
  ),
  finish: byHolder((_, job) => job.finish(), ['finished', 'pending', 'cancelled'], 'as it was'),
  fail: byHolder((_, job) => job.fail('No'), ['pending', 'pending', 'cancelled'], 'as it was'),
  release: byHolder((_, job) => job.release(), ['pending', 'pending', 'cancelled'], 'as it was'),
};

const rows = Object.entries(operations).flatMap(([operation, { act, outcomes }]) =>
  Object.entries(outcomes).map(([state, outcome]) => ({ operation, act, state: state as State, outcome })),
);

describe.each(Object.keys(beginnings) as State[])('Of a job that is %s', (beginning) => {
  test.each(rows.filter(({ state }) => state === beginning))('$operation: $outcome', async ({ act, outcome }) => {
    const kv = memoryKv();
    const timed = await timedQueue({ kv, type: { maxAttempts: 2 } });
    const job = await beginnings[beginning](timed);
    await expectConsistency(kv);
    const [before, was] = [await jobsIn(kv), await timed.queue.get(TYPE, ID)];
    const error = await act(timed, job).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    await expectConsistency(kv);
    const view = await timed.queue.get(TYPE, ID);
    expect(error === undefined || isLeaseLostError(error)).toBe(true);
    if (['as it was', 'refused', 'not found'].includes(outcome)) {
      expect(await jobsIn(kv)).toEqual(before);
      expect(error !== undefined).toBe(outcome === 'refused');
      expect(view === undefined).toBe(outcome === 'not found' || beginning === 'absent');
    } else {
      expect(error).toBeUndefined();
      expect(view?.state ?? 'gone').toBe(outcome);
      expect(await jobsIn(kv)).not.toEqual(before);
      if (view !== undefined && was !== undefined) expect(view.epoch).toBeGreaterThanOrEqual(was.epoch);
    }
  });
});

async function held({ queue }: TimedQueue, runAt = 0): Promise<Job> {
  if ((await queue.get(TYPE, ID)) === undefined) await queue.add(TYPE, ID, DATA, { runAt });
  const job = await queue.accept(TYPE);
  if (job === undefined) throw new Error('The job was not accepted');
  return job;
}

/** What is stored, but for who watches. */
async function jobsIn(kv: TimedQueue['kv']): Promise<ReadonlyMap<string, string>> {
  const all = await everythingIn(kv);
  return new Map([...all].filter(([key]) => !key.startsWith('jobs monitor')));
}
