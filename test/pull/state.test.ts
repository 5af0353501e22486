import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  firstPhase,
  isOver,
  nextPhase,
  type PullPhase,
  type PullState,
  type PullTrigger,
} from '../../src/pull/state.ts';

type Table = Record<PullState, Record<PullTrigger, PullState>>;

const over = (state: PullState): Record<PullTrigger, PullState> => ({
  ready: state,
  progress: state,
  'caught-up': state,
  unreachable: state,
  refused: state,
  unauthorized: state,
  full: state,
  standby: state,
  lead: state,
  pause: state,
  resume: state,
  stop: state,
  done: state,
  fail: state,
});

/** What happens alike in every state in which a pull is at work. */
const atWork = {
  ready: 'catching-up',
  progress: 'catching-up',
  'caught-up': 'live',
  unreachable: 'offline',
  refused: 'backing-off',
  unauthorized: 'auth-required',
  full: 'quota',
  standby: 'standby',
  lead: 'starting',
  pause: 'paused',
  stop: 'stopped',
  done: 'completed',
  fail: 'failed',
} as const;

/** Every state with every trigger: one that is forgotten does not compile. A paused pull is paused in `catching-up` here. */
const table: Table = {
  starting: { ...atWork, progress: 'starting', resume: 'starting' },
  'catching-up': { ...atWork, resume: 'catching-up' },
  live: { ...atWork, resume: 'live' },
  offline: { ...atWork, resume: 'offline' },
  'backing-off': { ...atWork, resume: 'backing-off' },
  'auth-required': { ...atWork, resume: 'catching-up' },
  quota: { ...atWork, resume: 'catching-up' },
  standby: {
    ...over('standby'),
    lead: 'starting',
    pause: 'paused',
    stop: 'stopped',
    done: 'completed',
    fail: 'failed',
  },
  paused: { ...over('paused'), resume: 'catching-up', stop: 'stopped', done: 'completed', fail: 'failed' },
  completed: over('completed'),
  stopped: over('stopped'),
  failed: over('failed'),
};

const states = Object.keys(table) as PullState[];
const triggers = Object.keys(table.starting) as PullTrigger[];

function phaseOf(state: PullState): PullPhase {
  return state === 'paused' ? { state, underneath: 'catching-up' } : { state };
}

describe('nextPhase', () => {
  test.each(states.flatMap((state) => triggers.map((trigger) => [state, trigger, table[state][trigger]] as const)))(
    '%s, %s: %s',
    (state, trigger, expected) => {
      const phase = phaseOf(state);
      const next = nextPhase(phase, trigger);
      expect(next.state).toBe(expected);
      // Who follows states by identity is not woken for nothing.
      if (expected === state && state !== 'paused') expect(next).toBe(phase);
    },
  );

  test('pausing and resuming at once changes nothing, in every state', () => {
    for (const state of states.filter((name) => !['paused', 'auth-required', 'quota'].includes(name))) {
      expect(nextPhase(nextPhase(phaseOf(state), 'pause'), 'resume').state).toBe(state);
    }
  });

  test('resuming shows what became of the pull while it was paused', () => {
    const stateAfter = (...happened: PullTrigger[]): PullState => happened.reduce(nextPhase, firstPhase).state;
    expect(stateAfter('pause', 'ready', 'resume')).toBe('catching-up');
    expect(stateAfter('ready', 'pause', 'unreachable', 'resume')).toBe('offline');
    expect(stateAfter('ready', 'unreachable', 'pause', 'progress', 'resume')).toBe('catching-up');
  });

  test('ends once, whatever comes after', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...triggers)), (happened) => {
        let phase = firstPhase;
        for (const trigger of happened) {
          const next = nextPhase(phase, trigger);
          if (isOver(phase.state)) expect(next).toBe(phase);
          expect(next.underneath === undefined).toBe(next.state !== 'paused');
          phase = next;
        }
      }),
    );
  });
});
