import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AMENDED, NOT_SERVED } from './exceptions.ts';
import { endsServer } from './happenings.ts';
import { type Exchange, readRecordings } from './recording.ts';
import { Replay } from './replay.ts';

const exchanges = readRecordings();
const served = exchanges.filter(({ name }) => !(name in NOT_SERVED));
const [last, others] = [served.filter(endsServer), served.filter((exchange) => !endsServer(exchange))];

function titled(some: readonly Exchange[]): [title: string, exchange: Exchange][] {
  return some.map((exchange) => [`${exchange.name}: ${exchange.why}`, exchange]);
}

async function compare(replay: Replay, exchange: Exchange): Promise<void> {
  const { exchange: amend = same, text = same } = AMENDED[exchange.name] ?? {};
  const { recorded, replayed } = await replay.play(amend(exchange));
  expect(text(replayed)).toBe(text(recorded));
}

function same<T>(value: T): T {
  return value;
}

test('the recordings are complete, and every exception names one of them', () => {
  const names = exchanges.map(({ name }) => name);
  expect(names).toHaveLength(447);
  expect(names).toEqual(expect.arrayContaining([...Object.keys(NOT_SERVED), ...Object.keys(AMENDED)]));
});

describe('the demo server answers as CouchDB did', () => {
  let replay: Replay;

  beforeAll(async () => {
    replay = await Replay.start(exchanges);
  });

  afterAll(async () => {
    await replay[Symbol.asyncDispose]();
  });

  test.each(titled(others))('%s', async (_, exchange) => {
    await compare(replay, exchange);
  });
});

describe('the demo server stops as CouchDB did', () => {
  test.each(titled(last))('%s', async (_, exchange) => {
    await using replay = await Replay.start(exchanges);
    await compare(replay, exchange);
  });
});
