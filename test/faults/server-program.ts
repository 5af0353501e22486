/**
 * `demo/server` with a database called `source`, in a process that can be ended: `<port> <how many times as fast its clock
 * goes>`. Prints its url when it listens. Each time it starts, everything is as it was the first time, its sequences too.
 *
 * @module
 */
import process from 'node:process';
import { startServer } from '../../demo/server/index.ts';
import { generations, smallDocuments } from '../support/documents.ts';
import { pacedClock } from '../support/paced-clock.ts';

const [port, pace] = process.argv.slice(2).map(Number);
let identifiers = 0;
const uuid = (): string => {
  identifiers += 1;
  return `00000000-0000-4000-8000-${identifiers.toString(16).padStart(12, '0')}`;
};
const platform = { ...pacedClock(pace ?? 1).platform, uuid };
const server = await startServer({ ...(port === undefined ? {} : { port }), platform });
server.createDatabase('source').load([...smallDocuments(200), ...generations]);
console.log(server.url);
