/**
 * `demo/server` with databases to be scanned, in a process of its own: `<databases> <documents> <pause>`. Prints its url.
 * Answers take so many milliseconds for each kilobyte.
 *
 * @module
 */
import process from 'node:process';
import { startServer } from '../../demo/server/index.ts';
import { fillForScan } from './scan-source.ts';

const [databases = 0, documents = 0, pause = 0] = process.argv.slice(2).map(Number);
const server = await startServer({ config: { chunkSize: 1024 } });
fillForScan(server, { databases, documents });
if (pause > 0) server.faults.add({ pause: { ms: pause, per: 'chunk' } });
console.log(server.url);
