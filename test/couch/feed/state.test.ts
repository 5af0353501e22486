import { describe, expect, test } from 'vitest';
import {
  advance,
  type FeedEvent,
  type FeedFailure,
  type FeedPhase,
  type FeedPlan,
  type FeedPurpose,
  type FeedState,
  initialState,
  requestKind,
} from '../../../src/couch/feed/state.ts';

const plan: FeedPlan = {
  kinds: ['continuous', 'longpoll', 'normal'],
  heartbeat: 10_000,
  interval: 7000,
  backoff: { base: 1000, cap: 16_000 },
};
const error = new Error('mine');
const at = (now: number, chance = 0.5) => ({ now, chance });
const fresh = initialState(0);

/** One state of each phase in which things differ, with a failure behind it that a proof would forget. */
const states = {
  'connecting to catch up': { ...fresh, failures: 1, strikes: 1 },
  'catching up': { ...fresh, phase: 'catching-up', failures: 1, strikes: 1 },
  'connecting live': { ...fresh, purpose: 'live', failures: 1, strikes: 1 },
  live: { ...fresh, phase: 'live', purpose: 'live', failures: 1, strikes: 1 },
  'connecting to poll': { ...fresh, purpose: 'poll', failures: 1, strikes: 1 },
  polling: { ...fresh, phase: 'catching-up', purpose: 'poll', failures: 1, strikes: 1 },
  queued: { ...fresh, phase: 'queued', failures: 1, strikes: 1 },
  waiting: { ...fresh, phase: 'waiting', until: 9000, error, failures: 1, strikes: 1 },
  ended: { ...fresh, phase: 'ended' },
  failed: { ...fresh, phase: 'failed', error },
} as const satisfies Record<string, FeedState>;

const failed = (failure: FeedFailure): FeedEvent => ({
  type: 'failed',
  failure,
  error,
  floor: 0,
});
const events = {
  opened: { type: 'opened' },
  heard: { type: 'heard' },
  moved: { type: 'moved' },
  'finished at a position': { type: 'finished', positioned: true, more: false },
  'finished without a position': { type: 'finished', positioned: false, more: false },
  'finished with more': { type: 'finished', positioned: true, more: true },
  completed: { type: 'completed' },
  'failed, passing': failed('passing'),
  'failed, silent': failed('silent'),
  'failed, too many': failed('too-many'),
  'failed, lacking': failed('lacking'),
  'failed, final': failed('final'),
  displaced: { type: 'displaced' },
  jumped: { type: 'jumped' },
  'turn to wait': { type: 'turn', purpose: 'live' },
  'turn to ask': { type: 'turn', purpose: 'poll' },
  elapsed: { type: 'elapsed' },
} as const satisfies Record<string, FeedEvent>;

/** Every type of event is in the table, or this does not compile. */
type Covered = (typeof events)[keyof typeof events]['type'];
const all: Record<FeedEvent['type'], true> = {} as Record<Covered, true>;
/** So is every phase. */
const phases: Record<FeedPhase, true> = {} as Record<(typeof states)[keyof typeof states]['phase'], true>;

/** The phase, the request, the place of its kind, failures and strikes; `same`: nothing changes. */
type Outcome = 'same' | readonly [FeedPhase, FeedPurpose, choice: number, failures: number, strikes: number];

/** What happens 5 seconds after the request was sent: later than an answer would be hasty, sooner than a heartbeat. */
const table: Record<keyof typeof states, Record<keyof typeof events, Outcome>> = {
  'connecting to catch up': {
    opened: ['catching-up', 'catch-up', 0, 1, 1],
    heard: 'same',
    moved: 'same',
    'finished at a position': 'same',
    'finished without a position': 'same',
    'finished with more': 'same',
    completed: 'same',
    'failed, passing': ['waiting', 'catch-up', 0, 2, 1],
    'failed, silent': ['waiting', 'catch-up', 0, 2, 1],
    'failed, too many': ['waiting', 'catch-up', 0, 1, 1],
    'failed, lacking': ['failed', 'catch-up', 0, 1, 1],
    'failed, final': ['failed', 'catch-up', 0, 1, 1],
    displaced: ['connecting', 'catch-up', 0, 1, 1],
    jumped: ['connecting', 'catch-up', 0, 0, 0],
    'turn to wait': 'same',
    'turn to ask': 'same',
    elapsed: 'same',
  },
  'catching up': {
    opened: 'same',
    heard: ['catching-up', 'catch-up', 0, 1, 1],
    moved: ['catching-up', 'catch-up', 0, 0, 1],
    'finished at a position': ['queued', 'catch-up', 0, 1, 1],
    'finished without a position': ['queued', 'catch-up', 0, 1, 1],
    'finished with more': ['queued', 'catch-up', 0, 1, 1],
    completed: ['ended', 'catch-up', 0, 1, 1],
    'failed, passing': ['waiting', 'catch-up', 0, 2, 1],
    'failed, silent': ['waiting', 'catch-up', 0, 2, 1],
    'failed, too many': ['waiting', 'catch-up', 0, 1, 1],
    'failed, lacking': ['failed', 'catch-up', 0, 1, 1],
    'failed, final': ['failed', 'catch-up', 0, 1, 1],
    displaced: ['connecting', 'catch-up', 0, 1, 1],
    jumped: ['connecting', 'catch-up', 0, 0, 0],
    'turn to wait': 'same',
    'turn to ask': 'same',
    elapsed: 'same',
  },
  'connecting live': {
    opened: ['live', 'live', 0, 1, 1],
    heard: 'same',
    moved: 'same',
    'finished at a position': 'same',
    'finished without a position': 'same',
    'finished with more': 'same',
    completed: 'same',
    'failed, passing': ['waiting', 'catch-up', 0, 2, 2],
    'failed, silent': ['connecting', 'catch-up', 1, 2, 0],
    'failed, too many': ['waiting', 'catch-up', 0, 1, 1],
    'failed, lacking': ['connecting', 'catch-up', 1, 2, 0],
    'failed, final': ['failed', 'live', 0, 1, 1],
    displaced: ['queued', 'live', 0, 1, 1],
    jumped: ['connecting', 'catch-up', 0, 0, 0],
    'turn to wait': 'same',
    'turn to ask': 'same',
    elapsed: 'same',
  },
  live: {
    opened: 'same',
    heard: ['live', 'live', 0, 1, 1],
    moved: ['live', 'live', 0, 0, 0],
    'finished at a position': ['queued', 'live', 0, 0, 0],
    'finished without a position': ['connecting', 'catch-up', 0, 0, 0],
    'finished with more': ['queued', 'live', 0, 0, 0],
    completed: ['ended', 'live', 0, 1, 1],
    'failed, passing': ['waiting', 'catch-up', 0, 2, 2],
    'failed, silent': ['connecting', 'catch-up', 1, 2, 0],
    'failed, too many': ['waiting', 'catch-up', 0, 1, 1],
    'failed, lacking': ['connecting', 'catch-up', 1, 2, 0],
    'failed, final': ['failed', 'live', 0, 1, 1],
    displaced: ['queued', 'live', 0, 1, 1],
    jumped: ['connecting', 'catch-up', 0, 0, 0],
    'turn to wait': 'same',
    'turn to ask': 'same',
    elapsed: 'same',
  },
  'connecting to poll': {
    opened: ['catching-up', 'poll', 0, 1, 1],
    heard: 'same',
    moved: 'same',
    'finished at a position': 'same',
    'finished without a position': 'same',
    'finished with more': 'same',
    completed: 'same',
    'failed, passing': ['waiting', 'catch-up', 0, 2, 1],
    'failed, silent': ['waiting', 'catch-up', 0, 2, 1],
    'failed, too many': ['waiting', 'catch-up', 0, 1, 1],
    'failed, lacking': ['failed', 'poll', 0, 1, 1],
    'failed, final': ['failed', 'poll', 0, 1, 1],
    displaced: ['queued', 'poll', 0, 1, 1],
    jumped: ['connecting', 'catch-up', 0, 0, 0],
    'turn to wait': 'same',
    'turn to ask': 'same',
    elapsed: 'same',
  },
  polling: {
    opened: 'same',
    heard: ['catching-up', 'poll', 0, 1, 1],
    moved: ['catching-up', 'poll', 0, 0, 1],
    'finished at a position': ['queued', 'poll', 0, 0, 1],
    'finished without a position': ['queued', 'poll', 0, 0, 1],
    'finished with more': ['queued', 'poll', 0, 0, 1],
    completed: ['ended', 'poll', 0, 1, 1],
    'failed, passing': ['waiting', 'catch-up', 0, 2, 1],
    'failed, silent': ['waiting', 'catch-up', 0, 2, 1],
    'failed, too many': ['waiting', 'catch-up', 0, 1, 1],
    'failed, lacking': ['failed', 'poll', 0, 1, 1],
    'failed, final': ['failed', 'poll', 0, 1, 1],
    displaced: ['queued', 'poll', 0, 1, 1],
    jumped: ['connecting', 'catch-up', 0, 0, 0],
    'turn to wait': 'same',
    'turn to ask': 'same',
    elapsed: 'same',
  },
  queued: {
    opened: 'same',
    heard: 'same',
    moved: 'same',
    'finished at a position': 'same',
    'finished without a position': 'same',
    'finished with more': 'same',
    completed: 'same',
    'failed, passing': 'same',
    'failed, silent': 'same',
    'failed, too many': 'same',
    'failed, lacking': 'same',
    'failed, final': 'same',
    displaced: 'same',
    jumped: 'same',
    'turn to wait': ['connecting', 'live', 0, 1, 1],
    'turn to ask': ['connecting', 'poll', 0, 1, 1],
    elapsed: 'same',
  },
  waiting: {
    opened: 'same',
    heard: 'same',
    moved: 'same',
    'finished at a position': 'same',
    'finished without a position': 'same',
    'finished with more': 'same',
    completed: 'same',
    'failed, passing': 'same',
    'failed, silent': 'same',
    'failed, too many': 'same',
    'failed, lacking': 'same',
    'failed, final': 'same',
    displaced: 'same',
    jumped: ['connecting', 'catch-up', 0, 0, 0],
    'turn to wait': 'same',
    'turn to ask': 'same',
    elapsed: ['connecting', 'catch-up', 0, 1, 1],
  },
  ended: everything('same'),
  failed: everything('same'),
};

function everything(outcome: Outcome): Record<keyof typeof events, Outcome> {
  return Object.fromEntries(Object.keys(events).map((name) => [name, outcome])) as Record<keyof typeof events, Outcome>;
}

function stateAfter(state: FeedState, ...happened: (readonly [now: number, FeedEvent])[]): FeedState {
  return happened.reduce((before, [now, event]) => advance(plan, before, event, at(now)), state);
}

describe('advance', () => {
  const rows = Object.entries(table).flatMap(([state, outcomes]) =>
    Object.entries(outcomes).map(([event, outcome]) => [state, event, outcome] as const),
  );

  test('has an answer for every state and event', () => {
    expect([all, phases]).toBeDefined();
    expect(rows).toHaveLength(Object.keys(states).length * Object.keys(events).length);
  });

  test.each(rows)('%s, %s: %j', (stateName, eventName, outcome) => {
    const before: FeedState = states[stateName as keyof typeof states];
    const next = advance(plan, before, events[eventName as keyof typeof events], at(5000));
    if (outcome === 'same') expect(next).toEqual(before);
    else {
      const { phase, purpose, choice, failures, strikes } = next;
      expect([phase, purpose, choice, failures, strikes]).toEqual(outcome);
      // A new request has nothing behind it, and begins now.
      if (phase === 'connecting' && before.phase !== phase) {
        expect(next).toMatchObject({ begun: 5000, heard: false, moved: false });
        expect(next).not.toHaveProperty('error');
      }
      if (phase === 'failed' || (phase === 'waiting' && failures > 0)) expect(next.error).toBe(error);
    }
  });
});

describe('A live feed', () => {
  const turn = events['turn to wait'];
  const live = stateAfter(
    fresh,
    [0, events.opened],
    [0, events['finished at a position']],
    [0, turn],
    [0, events.opened],
  );

  test('asks for what there is, then, when its turn comes, for what comes or for what there is', () => {
    expect(requestKind(plan, fresh)).toBe('normal');
    expect(live.phase).toBe('live');
    expect(requestKind(plan, live)).toBe('continuous');
    const displaced = stateAfter(live, [1, events.displaced]);
    expect(displaced.phase).toBe('queued');
    expect(requestKind(plan, stateAfter(displaced, [2, events['turn to ask']]))).toBe('normal');
  });

  test('asks for all there is after a poll that tells of more', () => {
    const polled = stateAfter(live, [1, events.displaced], [2, events['turn to ask']], [3, events.opened]);
    expect(stateAfter(polled, [4, events.moved], [5, events['finished with more']])).toMatchObject({
      phase: 'connecting',
      purpose: 'catch-up',
    });
  });

  test('waits as long as the whole origin when it is asked too much, and does not take it for a failure of its own', () => {
    const refused: FeedEvent = { type: 'failed', failure: 'too-many', error, floor: 45_000 };
    for (const strikes of [0, 1, 2]) {
      expect(advance(plan, { ...live, strikes }, refused, at(100))).toMatchObject({
        phase: 'waiting',
        purpose: 'catch-up',
        until: 45_100,
        choice: 0,
        failures: 0,
        strikes,
        error,
      });
    }
  });

  test('catches up page by page while the server counts more and rows come', () => {
    const moved = stateAfter(states['catching up'], [1, events.moved], [2, events['finished with more']]);
    expect(moved).toMatchObject({ phase: 'connecting', purpose: 'catch-up', moved: false });
    // The same without a row would go on for ever.
    expect(stateAfter(moved, [3, events.opened], [4, events['finished with more']])).toMatchObject({ phase: 'queued' });
  });

  test('waits twice as long with each failure, up to the cap, and at least as long as it was asked to', () => {
    let state = states['catching up'] as FeedState;
    const waits = Array.from({ length: 6 }, () => {
      state = advance(plan, { ...state, phase: 'catching-up' }, events['failed, passing'], at(100, 0.5));
      return state.until - 100;
    });
    expect(waits).toEqual([1000, 2000, 4000, 8000, 8000, 8000]);
    const asked: FeedEvent = { type: 'failed', failure: 'passing', error, floor: 60_000 };
    expect(advance(plan, states.live, asked, at(100)).until).toBe(60_100);
  });

  test('that ends at once without a change waits, and is replaced the third time', () => {
    let state: FeedState = live;
    for (const strikes of [1, 2]) {
      state = stateAfter({ ...state, begun: 0, phase: 'live', purpose: 'live' }, [
        999,
        events['finished at a position'],
      ]);
      expect(state).toMatchObject({ phase: 'waiting', choice: 0, strikes, failures: strikes });
    }
    state = stateAfter({ ...state, begun: 0, phase: 'live', purpose: 'live' }, [999, events['finished at a position']]);
    expect(state).toMatchObject({ phase: 'waiting', choice: 1, strikes: 0, failures: 3 });
  });

  test('that ends at once with a change goes on at once', () => {
    expect(stateAfter(live, [1, events.moved], [2, events['finished at a position']], [2, turn])).toMatchObject({
      phase: 'connecting',
      purpose: 'live',
      failures: 0,
    });
  });

  test('that was silent is replaced at once if nothing at all came, and the third time if something did', () => {
    expect(stateAfter(live, [30_000, events['failed, silent']])).toMatchObject({ choice: 1, phase: 'connecting' });
    let state: FeedState = live;
    for (const choice of [0, 0, 1]) {
      state = stateAfter({ ...live, strikes: state.strikes, choice: state.choice }, [1, events.heard]);
      state = stateAfter(state, [30_001, events['failed, silent']]);
      expect(state).toMatchObject({ phase: 'connecting', purpose: 'catch-up', choice });
    }
  });

  test('proves itself by what comes later than a heartbeat', () => {
    const struck = { ...live, failures: 5, strikes: 2 };
    expect(stateAfter(struck, [9999, events.heard])).toMatchObject({ failures: 5, strikes: 2 });
    expect(stateAfter(struck, [10_000, events.heard])).toMatchObject({ failures: 0, strikes: 0 });
  });

  test.each([
    ['changes', 'moved', 1],
    ['heartbeats', 'heard', 10_000],
  ] as const)(
    'that is cut every 30 seconds, after %s, waits no longer each time, and is kept',
    (_after, sign, first) => {
      let state: FeedState = live;
      for (let time = 0; time < 20; time += 1) {
        const begun = state.begun;
        state = stateAfter(state, [begun + first, events[sign]], [begun + 30_000, events['failed, passing']]);
        const due = begun + 30_000 + 500;
        expect(state).toMatchObject({ phase: 'waiting', failures: 1, choice: 0, until: due });
        state = stateAfter(
          state,
          [due, events.elapsed],
          [due, events.opened],
          [due, events['finished at a position']],
          [due, turn],
          [due, events.opened],
        );
        expect(state.phase).toBe('live');
      }
    },
  );

  test('is polled where no kind works, and tries the best one again when it is time', () => {
    let state: FeedState = { ...states['catching up'], choice: 2, retryAt: 60_000 };
    state = stateAfter(state, [1000, events['finished at a position']]);
    expect(state).toMatchObject({ phase: 'waiting', until: 8000, failures: 0 });
    expect(state).not.toHaveProperty('error');
    expect(requestKind(plan, state)).toBe('normal');
    const [tooSoon, due] = [59_999, 60_000].map((time) =>
      stateAfter(state, [8000, events.elapsed], [8001, events.opened], [time, events['finished at a position']]),
    );
    expect(tooSoon).toMatchObject({ phase: 'waiting', choice: 2 });
    expect(due).toMatchObject({ phase: 'queued' });
    expect(stateAfter(due ?? fresh, [60_000, turn])).toMatchObject({ phase: 'connecting', purpose: 'live', choice: 0 });
  });

  test('that failed by silence is tried again after a minute, then after twice as long each time, up to an hour', () => {
    let state: FeedState = live;
    const minutes = Array.from({ length: 8 }, () => {
      const begun = state.begun;
      state = stateAfter(state, [begun + 30_000, events['failed, silent']]);
      expect(state).toMatchObject({ phase: 'connecting', purpose: 'catch-up', choice: 1 });
      const penalty = state.retryAt - begun - 30_000;
      const queued = stateAfter(
        state,
        [begun + 30_001, events.opened],
        [begun + 30_002, events['finished at a position']],
      );
      expect(stateAfter(queued, [state.retryAt - 1, turn])).toMatchObject({ purpose: 'live', choice: 1 });
      state = stateAfter(queued, [state.retryAt, turn], [state.retryAt, events.opened]);
      expect(state).toMatchObject({ phase: 'live', choice: 0 });
      return penalty / 60_000;
    });
    expect(minutes).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);
    // Once it works, what was is forgotten.
    state = stateAfter(state, [state.begun + plan.heartbeat, events.heard]);
    state = stateAfter(state, [state.begun + 40_000, events['failed, passing']]);
    const struck = { ...state, phase: 'live', purpose: 'live', strikes: 2, begun: 0 } as const;
    expect(advance(plan, struck, events['failed, passing'], at(0)).retryAt).toBe(60_000);
  });

  test('that a server lacks is not asked for again for an hour', () => {
    expect(stateAfter(live, [1000, events['failed, lacking']]).retryAt).toBe(3_601_000);
  });

  test('that is the only kind is kept through silence and strikes, but not where the server lacks it', () => {
    const only: FeedPlan = { ...plan, kinds: ['continuous'] };
    const silent = advance(only, { ...live, strikes: 9 }, events['failed, silent'], at(30_000));
    expect(silent).toMatchObject({ phase: 'connecting', choice: 0 });
    expect(advance(only, live, events['failed, lacking'], at(1))).toMatchObject({ phase: 'failed', error });
  });
});
