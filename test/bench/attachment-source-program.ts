/**
 * A source with one attachment, in a process of its own: `<mebibytes>`. Prints the url of the database once it is there, and serves it
 * until it is ended.
 *
 * @module
 */
import process from 'node:process';
import { startServer } from '../../demo/server/index.ts';
import { putFilm } from '../support/film.ts';

const server = await startServer();
const { name } = server.createDatabase('source');
const url = `${server.url}/${name}`;
await putFilm(url, Number(process.argv[2]));
console.log(url);
