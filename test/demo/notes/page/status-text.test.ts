import { describe, expect, test } from 'vitest';
import { holdingOf, statusText } from '../../../../demo/notes/page/status-text.ts';
import type { PullState, PullStatus } from '../../../../src/index.ts';
import { firstStatus } from '../../../../src/pull/status.ts';

const SEEN = Date.UTC(2026, 4, 1, 12);

/** What is said of every state, and what can be done about it. */
const states: Readonly<Record<PullState, readonly [said: RegExp, action: 'pause' | 'resume' | undefined]>> = {
  starting: [/^Looking for the server · last in touch .*2026/, 'pause'],
  'catching-up': [/^Fetching$/, 'pause'],
  live: [/^Up to date$/, 'pause'],
  offline: [/^Offline · last in touch .*2026/, 'pause'],
  'backing-off': [/^The server is busy · last in touch/, 'pause'],
  'auth-required': [/^The server asks who you are · last in touch/, 'resume'],
  quota: [/^This device has no room for more · last in touch/, 'resume'],
  standby: [/^Waiting for another tab · last in touch/, 'pause'],
  paused: [/^Paused · last in touch/, 'resume'],
  completed: [/^Over · /, undefined],
  stopped: [/^Over · /, undefined],
  failed: [/^Nothing can be fetched: Database does not exist · last in touch/, undefined],
};

describe('statusText', () => {
  test.each(Object.entries(states))('%s', (state, [said]) => {
    expect(
      statusText(status({ state: state as PullState, error: new Error('Database does not exist') }), SEEN),
    ).toMatch(said);
  });

  test('says how many are to come, what could not be had, and that nothing has been there yet', () => {
    expect(statusText(status({ state: 'catching-up', pending: 12, docsFailed: 1 }), SEEN)).toBe(
      'Fetching, 12 to come · 1 could not be had, and will be tried again',
    );
    expect(statusText(status({ state: 'offline' }), undefined)).toBe('Offline · nothing has been fetched yet');
  });

  test('speaks of the pull that works', () => {
    const leader = status({ state: 'catching-up', pending: 3 });
    expect(statusText(status({ state: 'standby', leader }), SEEN)).toBe('Fetching, 3 to come · in another tab');
  });
});

describe('holdingOf', () => {
  test.each(Object.entries(states))('%s', (state, [, action]) => {
    expect(holdingOf(state as PullState)?.action).toBe(action);
  });
});

function status(change: Partial<PullStatus>): PullStatus {
  return { ...firstStatus, ...change };
}
