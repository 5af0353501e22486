// couchbackup, into a file. The settings are options of `backup`. It takes every leaf with its history.
import { createReadStream, createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import couchbackup from '@cloudant/couchbackup';
import { measure } from '../measure.ts';

const backup = promisify(couchbackup.backup);

await measure(async ({ url, directory, settings }) => {
  const file = join(directory, 'backup');
  await backup(url, createWriteStream(file), { ...settings, log: join(directory, 'log') });
  return () => countRevisions(file);
});

/** Each line of a backup is an array of revisions, or what the file says of itself. */
async function countRevisions(file) {
  const alive = new Set();
  let leaves = 0;
  for await (const line of createInterface({ input: createReadStream(file) })) {
    const revisions = JSON.parse(line);
    if (!Array.isArray(revisions)) continue;
    leaves += revisions.length;
    for (const { _id, _deleted } of revisions) if (_deleted !== true) alive.add(_id);
  }
  return { documents: alive.size, leaves };
}
