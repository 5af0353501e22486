/**
 * A page that pulls by itself, so that nothing that drives it takes part in what it needs. Its address says from where, and to
 * whom it tells how far it is: `#source=<url>&ear=<url>`.
 *
 * @module
 */
import { indexedDbKv } from '../../adapters/indexeddb/index.ts';
import { couch, openReplica, pull } from '../../src/index.ts';

const address = new URLSearchParams(location.hash.slice(1));
const source = couch.db(address.get('source') ?? '');

try {
  const replica = await openReplica(await indexedDbKv('film'), 'film');
  await tell('ready');
  const { docsFailed, attachments } = await pull(source, replica).done;
  await tell('pulled');
  const problems: string[] = [];
  for await (const event of replica.verify({ source })) if (event.type === 'problem') problems.push(event.message);
  await tell(JSON.stringify({ docsFailed, attachments, problems }));
} catch (error) {
  await tell(String(error));
}

/** Returns when it has been heard. */
async function tell(what: string): Promise<void> {
  await fetch(address.get('ear') ?? '', { method: 'POST', body: what, mode: 'no-cors' });
}
