import { request } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

const MEBIBYTE = 1024 * 1024;

/**
 * Puts a document `film` into a database, with an attachment `film.mp4` of so many mebibytes, no two of which are alike.
 *
 * @throws Error when it is refused
 */
export async function putFilm(databaseUrl: string, mebibytes: number): Promise<void> {
  const put = request(`${databaseUrl}/film/film.mp4`, { method: 'PUT', headers: { 'content-type': 'video/mp4' } });
  const answered = new Promise<number | undefined>((resolve, reject) => {
    put.on('response', (response) => resolve(response.resume().statusCode)).on('error', reject);
  });
  await pipeline(Readable.from(content(mebibytes)), put);
  const status = await answered;
  if (status !== 201) throw new Error(`The attachment was refused: ${status}`);
}

function* content(mebibytes: number): Generator<Buffer> {
  for (let index = 0; index < mebibytes; index += 1) {
    yield Buffer.from(Uint8Array.from({ length: MEBIBYTE }, (_, at) => (at * 31 + (at >> 8) * index + index) & 0xff));
  }
}
