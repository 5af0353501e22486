import { expect, onTestFinished, test } from 'vitest';
import { type CouchServer, type Fault, startServer } from '../../demo/server/index.ts';
import { couch } from '../../src/couch/couch.ts';
import { memoryKv } from '../../src/kv/memory.ts';
import { pull } from '../../src/pull/pull.ts';
import { openReplica, type Replica } from '../../src/replica/replica.ts';
import { expectFaithful } from '../support/faithful.ts';
import { createDatabase } from '../support/source-database.ts';
import { Chance } from './chance.ts';
import { mixedHistories } from './documents.ts';
import { isSoak, replay, seed } from './scale.ts';

const ROUNDS = isSoak ? 50 : 5;
const DOCUMENTS = 1500;
const BATCH = 100;
/** Requests in a row with which something goes wrong, or nothing. */
const FAULTS = 30;

test.each(Array.from({ length: ROUNDS }, (_, round) => [seed + round]))(
  `a pull through faults comes to what the source holds, with few requests (${replay}, from seed %i)`,
  {
    timeout: 120_000,
  },
  async (from) => {
    const chance = new Chance(from);
    const server = await startServer();
    onTestFinished(() => server.close());
    const source = await createDatabase(server.url, 'source');
    server.database(source.name)?.load(mixedHistories(DOCUMENTS));
    const calm = await pullOnce(source.url, await openReplica(memoryKv(), source.name));
    expect(calm.state).toBe('completed');

    const faults = Array.from({ length: FAULTS }, () => anyFault(chance, calm.bytes));
    for (const fault of faults) server.faults.add({ ...fault, times: 1 });
    server.requests.reset();
    const replica = await openReplica(memoryKv(), source.name);
    const failures = await pullUntilDone(server, source.url, replica);
    server.faults.clear();

    // Each fault costs at most the request that it spoiled and two for the halves of it; each failure the start of another pull.
    expect(server.requests.total).toBeLessThanOrEqual(calm.requests + 3 * FAULTS + 2 * failures);
    expect((await replica.info()).failed).toBe(0);
    await expectFaithful(replica, source);
  },
);

/** What goes wrong with one request, if anything. */
function anyFault(chance: Chance, most: number): Fault {
  switch (chance.between(0, 8)) {
    case 0:
      return { cut: { bytes: chance.between(0, most >> 2) } };
    case 1:
      return { cut: { bytes: chance.between(0, 2000) } };
    case 2:
      return { reset: true };
    case 3:
      return {
        answer: { status: 500, body: '{"error":"internal_server_error","reason":"No DB shards could be opened."}' },
      };
    case 4:
      return { answer: { status: 503, headers: { 'Retry-After': String(chance.between(0, 1)) }, body: '' } };
    case 5:
      return {
        answer: { status: 200, headers: { 'Content-Type': 'text/html' }, body: '<html>Sign in, please</html>' },
      };
    case 6:
      // The line break is what no JSON string may hold: inside of one, other garbage could not be told from data.
      return { garbage: { bytes: chance.between(0, most >> 2), text: '\n<html>Gone</html>' } };
    case 7:
      return { delay: chance.between(0, 30) };
    default:
      return {};
  }
}

function pullOnce(url: string, replica: Replica) {
  const source = couch.db(url, { retry: { base: 1, cap: 10 } });
  return pull(source, replica, { batchSize: BATCH }).done;
}

/** Pulls again where too many requests in a row failed. The number of pulls that failed. */
async function pullUntilDone(server: CouchServer, url: string, replica: Replica): Promise<number> {
  for (let failures = 0; ; failures += 1) {
    const before = server.requests.total;
    try {
      await pullOnce(url, replica);
      return failures;
    } catch (error) {
      // Five tries of something come before giving up: a fault each, or nothing would ever end.
      if (failures * 5 > FAULTS || server.requests.total === before) throw error;
    }
  }
}
