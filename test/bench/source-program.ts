/**
 * A source in a process of its own, so that its memory and time are nobody else's: `<data set> <documents>`. Prints the
 * url of the database once it is filled, and serves it until it is ended.
 *
 * @module
 */
import process from 'node:process';
import { startServer } from '../../demo/server/index.ts';
import { dataSet } from './data-sets.ts';

const [name, count] = process.argv.slice(2);
const set = dataSet(name);
const server = await startServer();
server.createDatabase('source').load(set.documents(Number(count ?? set.count)));
console.log(`${server.url}/source`);
