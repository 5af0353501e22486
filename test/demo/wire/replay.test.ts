import { afterAll, beforeAll, expect, test } from 'vitest';
import { readRecordings } from './recording.ts';
import { Replay } from './replay.ts';

const exchanges = readRecordings();
let replay: Replay;

beforeAll(async () => {
  replay = await Replay.start(exchanges);
});

afterAll(async () => {
  await replay[Symbol.asyncDispose]();
});

test.each(exchanges)('$name: $why', async (exchange) => {
  const { recorded, replayed } = await replay.play(exchange);
  expect(replayed).toBe(recorded);
});
