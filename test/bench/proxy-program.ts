/**
 * A delaying proxy in a process of its own: `<server url> <latency in ms>`. Prints its url, and another one that tells what has
 * passed; serves until it is ended.
 *
 * @module
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import process from 'node:process';
import { startDelayingProxy } from './delaying-proxy.ts';

const [server = '', latency] = process.argv.slice(2);
const { url, traffic } = await startDelayingProxy(server, Number(latency));
const teller = createServer((_, answer) => answer.end(JSON.stringify(traffic))).listen(0, '127.0.0.1');
await once(teller, 'listening');
console.log(url);
console.log(`http://127.0.0.1:${(teller.address() as AddressInfo).port}`);
