/**
 * What the tests of Deno KV do in other processes: `<what> <file> [argument]`. What has been done is written to stdout at once, a line
 * each.
 *
 * @module
 */
import { writeSync } from 'node:fs';
import process from 'node:process';
import { denoKv } from '../../../adapters/deno-kv/index.ts';
import { couch } from '../../../src/couch/couch.ts';
import { createQueue } from '../../../src/jobs/queue.ts';
import { work } from '../../../src/jobs/work.ts';
import { packKey } from '../../../src/kv/key.ts';
import type { Key, Kv } from '../../../src/kv/kv.ts';
import { pull } from '../../../src/pull/pull.ts';
import { openReplica } from '../../../src/replica/replica.ts';
import { traced } from '../../faults/job-trace.ts';
import { bytesOf, countUp, readCount, writeCommit } from '../fs/commits.ts';

const PROGRAMS: Readonly<Record<string, (kv: Kv, argument: string) => Promise<void>>> = {
  /** Counts up so many times. */
  async count(kv, times) {
    for (let left = Number(times); left > 0; left -= 1) await countUp(kv);
    await kv.close();
  },

  /** Writes commit after commit until it is ended. */
  async commit(kv) {
    for (;;) say(String(await writeCommit(kv)));
  },

  /** Tells of every count that a watch brings, for as long as stdin is open. */
  async watch(kv) {
    process.stdin.resume();
    kv.watch(['count']).subscribe(() => {
      void readCount(kv).then((count) => say(String(count)));
    });
  },

  /** Watches, closes the store, and does nothing more. */
  async closed(kv) {
    kv.watch(['count']).subscribe({ complete: () => say('complete') });
    await countUp(kv);
    await kv.close();
    say('closed');
  },

  /** Opens a store, watches it, and does nothing more. */
  async idle(kv) {
    kv.watch(['count']).subscribe();
    say('idle');
  },

  /** Commits as much at once as the limits allow, and the longest keys, of what takes most room in a key. */
  async fill(kv) {
    const { bytesPerUpdate, guardsPerUpdate, keyBytesPerUpdate, mutationsPerUpdate, keyBytes } = kv.limits;
    const guards = Array.from({ length: guardsPerUpdate }, (_, at): Key => ['g', at]);
    let keysLeft = keyBytesPerUpdate - guards.reduce((sum, key) => sum + packKey(key).length, 0);
    let bytesLeft = bytesPerUpdate - keysLeft;
    const set = Array.from({ length: mutationsPerUpdate }, (_, at) => {
      const keyLength = Math.floor(keysLeft / (mutationsPerUpdate - at));
      const valueLength = Math.floor(bytesLeft / (mutationsPerUpdate - at));
      keysLeft -= keyLength;
      bytesLeft -= valueLength;
      return [longKey(['k', at], keyLength), new Uint8Array(valueLength)] as const;
    });
    await kv.update(guards, () => ({ set, result: undefined }));
    const numbers = Array.from({ length: Math.floor(keyBytes / 9) }, () => 0);
    const longest: Key[] = [numbers, longKey(['\ufeff'], keyBytes)];
    await kv.update(longest, () => ({ set: longest.map((key) => [key, bytesOf(1)] as const), result: undefined }));
    const found = await kv.read(longest);
    say(`${keysLeft} ${bytesLeft} ${JSON.stringify(found.map((entry) => entry?.key)) === JSON.stringify(longest)}`);
    await kv.close();
  },

  /** Works on jobs of a type until it is ended. */
  async work(kv, type) {
    for await (const event of work(createQueue(kv), type, traced(20), { concurrency: 2 })) say(event.type);
  },

  /** Pulls a database once. */
  async pull(kv, url) {
    const replica = await openReplica(kv, 'recipes');
    const { docsWritten } = await pull(couch.db(url), replica).done;
    say(String(docsWritten));
    await kv.close();
  },
};

const [what = '', file = '', argument = ''] = process.argv.slice(2);
await PROGRAMS[what]?.(await denoKv(file, { every: 50 }), argument);

/** A key of so many bytes, nearly all of them for zeros. */
function longKey(beginning: Key, length: number): Key {
  const room = length - packKey([...beginning, '']).length;
  return [...beginning, '\0'.repeat(Math.floor(room / 2)) + 'a'.repeat(room % 2)];
}

function say(line: string): void {
  writeSync(1, `${line}\n`);
}
