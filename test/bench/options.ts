import { parseArgs } from 'node:util';
import { type Contestant, contestants } from './contestants.ts';
import { dataSet } from './data-sets.ts';

/** What is measured, and how. */
export interface BenchOptions {
  /** A server with its administrator's credentials; without one, `demo/server`. */
  readonly url: string | undefined;
  readonly contestants: readonly Contestant[];
  /** Names of data sets. */
  readonly sets: readonly string[];
  /** In milliseconds. */
  readonly latencies: readonly number[];
  readonly rounds: number;
  /** How many documents of each set, where not all. */
  readonly documents: number | undefined;
  /** For all rounds of a contestant on one set at one latency, in milliseconds. */
  readonly limit: number;
  /** The file that every measurement is written to. */
  readonly json: string | undefined;
}

export const USAGE = `npm run bench -- [options] [server url]
  --sets a,b,c,d       what is pulled; mixed and small are there too
  --latency 0,100      milliseconds that every request waits
  --rounds 7           how often each contestant runs
  --only floor,...     contestants: ${contestants.map(({ name }) => name).join(', ')}
  --documents n        so many documents of each set instead of all
  --limit 300          seconds that a contestant has for all its rounds on one set at one latency
  --json file          where every single measurement goes`;

/**
 * @throws Error for arguments that make no sense
 */
export function parseOptions(args: readonly string[]): BenchOptions {
  const text = { type: 'string' } as const;
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { sets: text, latency: text, rounds: text, only: text, documents: text, limit: text, json: text },
  });
  const { sets = 'a,b,c,d', latency = '0,100', rounds = '7', limit = '300', only, documents, json } = values;
  if (positionals.length > 1) throw new Error('Name one server');
  const names = sets.split(',');
  // To find out now, and not after an hour.
  for (const name of names) dataSet(name);
  return {
    url: positionals[0],
    contestants: only === undefined ? contestants : only.split(',').map(contestantOf),
    sets: names,
    latencies: latency.split(',').map((value) => wholeNumber('--latency', value, 0)),
    rounds: wholeNumber('--rounds', rounds, 1),
    documents: documents === undefined ? undefined : wholeNumber('--documents', documents, 1),
    limit: wholeNumber('--limit', limit, 1) * 1000,
    json,
  };
}

function contestantOf(name: string): Contestant {
  const found = contestants.find((contestant) => contestant.name === name);
  if (found !== undefined) return found;
  const names = contestants.map((contestant) => contestant.name).join(', ');
  throw new Error(`There is no contestant ${JSON.stringify(name)}: name some of ${names}`);
}

function wholeNumber(option: string, text: string, least: number): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isSafeInteger(value) || value < least) {
    throw new Error(`Option ${option} takes whole numbers from ${least}, not ${JSON.stringify(text)}`);
  }
  return value;
}
