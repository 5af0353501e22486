/**
 * One measured run in a process of its own: `<floor | memory | fs> <database url> [directory]`. Prints a {@link Measured}.
 *
 * @module
 */
import process from 'node:process';
import { keepYoungGenerationSmall } from '../../adapters/cli/young-generation.ts';
import { fsKv } from '../../adapters/fs/index.ts';
import { couch } from '../../src/couch/couch.ts';
import type { Kv } from '../../src/kv/kv.ts';
import { memoryKv } from '../../src/kv/memory.ts';
import { pull } from '../../src/pull/pull.ts';
import { openReplica } from '../../src/replica/replica.ts';
import { readFloor, type Traffic } from './floor.ts';

/** What a run took. */
export interface Measured extends Traffic {
  readonly seconds: number;
  /** The most memory that the process ever had resident, in bytes. */
  readonly peak: number;
}

const RUNS: Readonly<Record<string, (url: string, directory: string) => Promise<Traffic>>> = {
  floor: readFloor,
  memory: (url) => pullInto(memoryKv(), url),
  fs: async (url, directory) => pullInto(await fsKv(directory), url),
};

async function pullInto(kv: Kv, url: string): Promise<Traffic> {
  const source = couch.db(url);
  const result = await pull(source, await openReplica(kv, source.name)).done;
  await kv.close();
  return result;
}

// As the command line does.
keepYoungGenerationSmall();

const [name = '', url = '', directory = ''] = process.argv.slice(2);
const run = RUNS[name];
if (run === undefined) throw new Error(`There is no run ${name}: name one of ${Object.keys(RUNS).join(', ')}`);
const begun = performance.now();
const { requests, bytes } = await run(url, directory);
const measured: Measured = {
  seconds: (performance.now() - begun) / 1000,
  requests,
  bytes,
  peak: process.resourceUsage().maxRSS * 1024,
};
console.log(JSON.stringify(measured));
