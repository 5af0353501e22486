import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AMENDED } from './exceptions.ts';
import { endsServer } from './happenings.ts';
import { type Exchange, readRecordings } from './recording.ts';
import { Replay } from './replay.ts';

const exchanges = readRecordings();

test('the recordings are complete, and every exception names one of them', () => {
  const names = exchanges.map(({ name }) => name);
  expect(names).toHaveLength(447);
  expect(names).toEqual(expect.arrayContaining(Object.keys(AMENDED)));
});

describe('the demo server answers as CouchDB did', () => {
  let replay: Replay;

  beforeAll(async () => {
    replay = await Replay.start(exchanges);
  });

  afterAll(async () => {
    await replay[Symbol.asyncDispose]();
  });

  test.each(titled((exchange) => !endsServer(exchange)))('%s', async (_, exchange) => {
    await compare(replay, exchange);
  });
});

describe('the demo server stops as CouchDB did', () => {
  test.each(titled(endsServer))('%s', async (_, exchange) => {
    await using replay = await Replay.start(exchanges);
    await compare(replay, exchange);
  });
});

function titled(belongs: (exchange: Exchange) => boolean): [title: string, exchange: Exchange][] {
  return exchanges.filter(belongs).map((exchange) => {
    const { name, why } = exchange;
    const exception = AMENDED[name]?.why;
    return [`${name}: ${why}${exception === undefined ? '' : ` (but: ${exception})`}`, exchange];
  });
}

/** Compares both answers. An exception that is none, because they are the same without it, fails too. */
async function compare(replay: Replay, exchange: Exchange): Promise<void> {
  const { exchange: amend = same, text = same } = AMENDED[exchange.name] ?? {};
  const { recorded, replayed } = await replay.play(amend(exchange));
  if (text !== same) expect(replayed).not.toBe(recorded);
  expect(text(replayed)).toBe(text(recorded));
}

function same<T>(value: T): T {
  return value;
}
