/**
 * What the tests of the store in a directory do in other processes: `<what> <directory> [argument]`. What has been done is
 * written to stdout at once, a line each.
 *
 * @module
 */
import { writeSync } from 'node:fs';
import process from 'node:process';
import { fsKv } from '../../../adapters/fs/index.ts';
import { isStoreError } from '../../../src/core/errors.ts';
import type { Kv } from '../../../src/kv/kv.ts';
import { countUp, readCount, writeCommit } from './commits.ts';

const PROGRAMS: Readonly<Record<string, (kv: Kv, argument: string) => Promise<void>>> = {
  /** Counts up so many times. */
  async count(kv, times) {
    for (let left = Number(times); left > 0; left -= 1) await countUp(kv);
    say('counted');
  },

  /** Writes commit after commit until it is ended. */
  async commit(kv) {
    for (;;) say(String(await writeCommit(kv)));
  },

  /** Stops in the middle of a commit, until it is told to go on by SIGCONT. */
  async stop(kv) {
    let hasStopped = false;
    await kv.update([['count']], () => {
      if (!hasStopped) {
        hasStopped = true;
        say('stopping');
        process.kill(process.pid, 'SIGSTOP');
      }
      return { set: [[['stopped'], Uint8Array.of(1)]], result: undefined };
    });
    say('went on');
  },

  /** Tells of every count that a watch brings, for as long as stdin is open. */
  async watch(kv) {
    process.stdin.resume();
    kv.watch(['count']).subscribe(() => {
      readCount(kv).then((count) => say(String(count)), fail);
    });
  },

  /** Opens a store, watches it, and does nothing more. */
  async idle(kv) {
    kv.watch(['count']).subscribe();
    say('idle');
  },

  /** Tells what it reads, and what comes of counting up. */
  async try(kv) {
    say(`read ${await readCount(kv)}`);
    say(`counted ${await countUp(kv)}`);
    await kv.close();
  },
};

const [what = '', directory = '', argument = ''] = process.argv.slice(2);
const isReadOnly = argument === 'read-only';
// A user who may do nothing, once all code has been loaded: `nobody`, by the number it has nearly everywhere.
if (what === 'try' && process.getuid?.() === 0) process.setuid?.(65_534);
fsKv(directory, { readOnly: isReadOnly })
  .then((kv) => PROGRAMS[what]?.(kv, argument))
  .catch(fail);

function say(line: string): void {
  writeSync(1, `${line}\n`);
}

function fail(error: unknown): void {
  if (!isStoreError(error)) throw error;
  say(`failed ${error.failure}`);
}
