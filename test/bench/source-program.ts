/**
 * `demo/server` in a process of its own, so that its memory and time are nobody else's. Prints its url, and serves until it
 * is ended.
 *
 * @module
 */
import { startServer } from '../../demo/server/index.ts';

const server = await startServer();
console.log(server.url);
