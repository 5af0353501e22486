/**
 * A source with one attachment, in a process of its own: `<mebibytes>`. Prints the url of the database once it is there, and serves it
 * until it is ended.
 *
 * @module
 */
import { request } from 'node:http';
import process from 'node:process';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { startServer } from '../../demo/server/index.ts';

const MEBIBYTE = 1024 * 1024;

/** Bytes of which no two mebibytes are alike. */
function* content(mebibytes: number): Generator<Buffer> {
  for (let index = 0; index < mebibytes; index += 1) {
    yield Buffer.from(Uint8Array.from({ length: MEBIBYTE }, (_, at) => (at * 31 + (at >> 8) * index + index) & 0xff));
  }
}

const server = await startServer();
server.createDatabase('source');
const put = request(`${server.url}/source/film/film.mp4`, { method: 'PUT', headers: { 'content-type': 'video/mp4' } });
const answered = new Promise<number | undefined>((resolve, reject) => {
  put.on('response', (response) => resolve(response.resume().statusCode)).on('error', reject);
});
await pipeline(Readable.from(content(Number(process.argv[2]))), put);
const status = await answered;
if (status !== 201) throw new Error(`The attachment was refused: ${status}`);
console.log(`${server.url}/source`);
