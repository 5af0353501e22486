import { expect, test } from 'vitest';
import { type Outcome, takeTurns } from './rounds.ts';

/** Runs contestants that take as long as they are told, on a clock of their own. */
async function simulate(durations: Readonly<Record<string, number>>, rounds: number, limit: number) {
  let time = 0;
  const order: string[] = [];
  const standings = await takeTurns<string, number>({
    contestants: Object.keys(durations),
    rounds,
    limit,
    now: () => time,
    run: async (name, left): Promise<Outcome<number>> => {
      const duration = durations[name] ?? 0;
      order.push(name);
      time += Math.min(duration, left);
      return duration > left ? { type: 'late' } : { type: 'measured', value: duration };
    },
  });
  return { order, outcomes: Object.fromEntries(standings) };
}

test('every contestant runs once a round, and each round begins with another one', async () => {
  const { order, outcomes } = await simulate({ a: 1, b: 2, c: 3 }, 4, 100);
  expect(order.join(' ')).toBe('a b c b c a c a b a b c');
  expect(outcomes['c']).toEqual(Array.from({ length: 4 }, () => ({ type: 'measured', value: 3 })));
});

test('who has used up the time is out, with the rounds there are', async () => {
  const { order, outcomes } = await simulate({ quick: 1, slow: 40, stuck: 101 }, 4, 100);
  expect(order.filter((name) => name === 'quick')).toHaveLength(4);
  expect(outcomes['slow']).toEqual([
    { type: 'measured', value: 40 },
    { type: 'measured', value: 40 },
    { type: 'late' },
  ]);
  expect(outcomes['stuck']).toEqual([{ type: 'late' }]);
});

test('a failure is one round of many', async () => {
  let runs = 0;
  const standings = await takeTurns<string, number>({
    contestants: ['a'],
    rounds: 3,
    limit: 100,
    now: () => 0,
    run: async () => {
      runs += 1;
      return runs === 2 ? { type: 'failed', reason: 'lost' } : { type: 'measured', value: runs };
    },
  });
  expect(standings.get('a')?.map(({ type }) => type)).toEqual(['measured', 'failed', 'measured']);
});
