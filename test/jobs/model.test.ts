import fc from 'fast-check';
import { expect, test } from 'vitest';
import { endRun, type Fault, TYPE, World } from './model-world.ts';

/*
 * Random lives of a few jobs, with workers that vanish, answers that are lost, and two monitors, against a model of a few lines.
 * After each step everything that is stored is held against the model: states, what jobs are found by, locks, epochs.
 */

type Command = fc.AsyncCommand<World, World>;

/** A command is always allowed; what it must come to is the model's to say. */
function command(name: string, run: (world: World) => Promise<void>): Command {
  return {
    check: () => true,
    run: async (_, world) => {
      await run(world);
      await world.check();
    },
    toString: () => name,
  };
}

const id = fc.constantFrom('a', 'b', 'c');
const fault = fc.oneof(
  { weight: 5, arbitrary: fc.constant<Fault>('none') },
  fc.constantFrom<Fault>('answer lost', 'not done'),
);
const data = fc.integer({ min: 1, max: 3 });
const priority = fc.constantFrom(0, 5, 9);
/** At once, in the past, or later, in milliseconds from now. */
const time = fc.constantFrom(undefined, -5, 2000);
/** Which of the jobs that were ever accepted. */
const handle = fc.nat(30);

const add = fc.tuple(id, data, time, priority, fault).map(([id, data, time, priority, fault]) =>
  command(`add ${id} data ${data} at ${time} priority ${priority}, ${fault}`, async (world) => {
    const runAt = time === undefined ? 0 : world.now + time;
    await world.perform(fault, () => world.queue.add(TYPE, id, { data }, { runAt, priority }));
    await world.reconcile();
    const job = world.jobs.get(id);
    // What a fault makes wait is dated by the beginning.
    const readyAt = runAt === 0 ? world.now : runAt;
    if (job?.state === 'running') job.next = { data, runAt, priority };
    else if (job === undefined || job.state !== 'pending') {
      const { epoch = 0, info = 0 } = job ?? {};
      const fresh = {
        attempt: 0,
        next: undefined,
        cancelRequested: false,
        holder: undefined,
        ender: job?.ender,
        beat: 0,
        cancelledAt: 0,
      };
      world.jobs.set(id, { state: 'pending', data, info, runAt, priority, readyAt, epoch, ...fresh });
    } else if (job.data !== data || job.runAt !== runAt || job.priority !== priority) {
      Object.assign(job, { data, runAt, priority, readyAt });
    }
  }),
);

const accept = fault.map((fault) =>
  command(`accept, ${fault}`, async (world) => {
    await world.reconcile();
    const until = world.now;
    const job = await world.perform(fault, () => world.queue.accept(TYPE, { until }));
    world.accepted(job, until);
  }),
);

/** Something that whoever accepted a job does, maybe long after it was taken from him. */
function byHolder(
  name: string,
  faults: fc.Arbitrary<Fault>,
  act: (world: World, handle: World['handles'][number], value: number) => Promise<unknown>,
  change: (world: World, job: NonNullable<ReturnType<World['jobs']['get']>>, value: number) => void,
): fc.Arbitrary<Command> {
  return fc.tuple(handle, data, faults).map(([index, value, fault]) =>
    command(`${name} ${index} ${value}, ${fault}`, async (world) => {
      const held = world.handles[index % Math.max(1, world.handles.length)];
      if (held === undefined) return;
      await world.asHolder(
        held,
        fault,
        () => act(world, held, value),
        (job) => change(world, job, value),
      );
    }),
  );
}

const update = byHolder(
  'update',
  fault,
  (_, held, info) => held.update({ info }),
  (world, job, info) => Object.assign(job, { info, beat: world.elapsed }),
);
const heartbeat = byHolder(
  'heartbeat',
  fault,
  (_, held) => held.update(),
  (world, job) => Object.assign(job, { beat: world.elapsed }),
);
const resubmit = byHolder(
  'resubmit',
  fault,
  (_, held, data) => held.resubmit(0, { data }),
  (_, job, data) => {
    if (!job.cancelRequested) job.next = { data, runAt: 0, priority: job.priority };
  },
);
const guarded = byHolder(
  'guarded write',
  // Whether it may be repeated, only the application knows.
  fc.constant('none'),
  (_, held, value) => held.guard([], () => ({ set: [[['own'], Uint8Array.of(value)]], result: undefined })),
  () => {},
);

/** How a run may end by the hand of its worker. */
function ending(how: 'finished' | 'failed' | 'released'): fc.Arbitrary<Command> {
  return fc.tuple(handle, data, fault).map(([index, info, fault]) =>
    command(`${how} ${index}, ${fault}`, async (world) => {
      const held = world.handles[index % Math.max(1, world.handles.length)];
      if (held === undefined) return;
      const before = world.now;
      await world.asEnder(
        held,
        fault,
        () => (how === 'finished' ? held.finish({ info }) : how === 'failed' ? held.fail('it') : held.release()),
        (job) => {
          if (how === 'finished') job.info = info;
          endRun(job, how, before);
        },
      );
    }),
  );
}

const cancel = fc.tuple(id, fault).map(([id, fault]) =>
  command(`cancel ${id}, ${fault}`, async (world) => {
    await world.reconcile();
    const job = world.jobs.get(id);
    const view = await world.perform(fault, () => world.queue.cancel(TYPE, id));
    expect(view === undefined).toBe(job === undefined);
    if (job?.state === 'pending') job.state = 'cancelled';
    else if (job?.state === 'running') {
      if (!job.cancelRequested) job.cancelledAt = world.elapsed;
      Object.assign(job, { cancelRequested: true, next: undefined });
    }
  }),
);

const retry = fc.tuple(id, fault).map(([id, fault]) =>
  command(`retry ${id}, ${fault}`, async (world) => {
    await world.reconcile();
    const job = world.jobs.get(id);
    const before = world.now;
    await world.perform(fault, () => world.queue.retry(TYPE, id));
    if (job !== undefined && job.state !== 'pending' && job.state !== 'running') {
      Object.assign(job, { state: 'pending', runAt: 0, readyAt: before, attempt: 0 });
    }
  }),
);

const remove = fc.tuple(id, fault).map(([id, fault]) =>
  command(`remove ${id}, ${fault}`, async (world) => {
    await world.perform(fault, () => world.queue.remove(TYPE, id));
    world.jobs.delete(id);
  }),
);

const pass = fc
  .constantFrom(100, 1000, 2500, 5000, 12_000)
  .map((ms) => command(`${ms} ms pass`, (world) => world.pass(ms)));

test('jobs live as the model says, whatever is lost and whoever vanishes', async () => {
  const kinds = [add, accept, accept, update, heartbeat, resubmit, guarded, ending('finished'), ending('failed')];
  const commands = fc.commands([...kinds, ending('released'), cancel, retry, remove, pass, pass], { maxCommands: 40 });
  await fc.assert(
    fc.asyncProperty(commands, fc.integer(), async (run, seed) => {
      const world = new World(seed);
      await world.begin();
      try {
        await fc.asyncModelRun(() => ({ model: world, real: world }), run);
      } finally {
        await world.end();
      }
    }),
    { numRuns: Number(process.env['ROUNDS'] ?? 150) },
  );
}, 120_000);
