/**
 * What the tests of Deno KV do in other processes: `<what> <file> [argument]`. What has been done is written to stdout at once, a line
 * each.
 *
 * @module
 */
import { once } from 'node:events';
import { writeSync } from 'node:fs';
import process from 'node:process';
import { DatabaseSync } from 'node:sqlite';
import { denoKv } from '../../../adapters/deno-kv/index.ts';
import { couch } from '../../../src/couch/couch.ts';
import { createQueue } from '../../../src/jobs/queue.ts';
import { work } from '../../../src/jobs/work.ts';
import type { Kv } from '../../../src/kv/kv.ts';
import { pull } from '../../../src/pull/pull.ts';
import { openReplica } from '../../../src/replica/replica.ts';
import { traced } from '../../faults/job-trace.ts';
import { countUp, readCount, writeCommit } from '../fs/commits.ts';

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

  /** Keeps others from writing until it is told a line. */
  async lock(_, file) {
    const database = new DatabaseSync(file);
    database.exec('BEGIN IMMEDIATE');
    say('locked');
    await once(process.stdin, 'data');
    process.stdin.pause();
    database.exec('ROLLBACK');
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

function say(line: string): void {
  writeSync(1, `${line}\n`);
}
