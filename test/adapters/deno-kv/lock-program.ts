/**
 * Keeps others from writing to a file of SQLite until it is told a line: `<file>`. A process of its own, without Deno KV: two copies of
 * SQLite in one process take away each other's locks (https://www.sqlite.org/howtocorrupt.html#multiple_copies_of_sqlite_linked_into_the_same_application).
 *
 * @module
 */
import { once } from 'node:events';
import process from 'node:process';
import { DatabaseSync } from 'node:sqlite';

const database = new DatabaseSync(process.argv[2] ?? '');
database.exec('BEGIN IMMEDIATE');
console.log('locked');
await once(process.stdin, 'data');
process.stdin.pause();
database.exec('ROLLBACK');
