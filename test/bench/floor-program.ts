/**
 * The floor: reads every winner with the one request that is cheapest for CouchDB, and the bodies of losing leaves with a
 * second one where there are such. It parses what comes and keeps nothing. No program that looks at the documents can do
 * less.
 *
 * @module
 */
import { withoutCredentials } from '../support/source-database.ts';
import { measure } from './measure.ts';

/** What matters of a row of the feed. */
interface Row {
  readonly id: string;
  readonly deleted?: true;
  readonly changes: readonly { readonly rev: string }[];
  readonly doc: { readonly _rev: string };
}

interface Wanted {
  readonly id: string;
  readonly rev: string;
}

await measure(async ({ url }) => {
  let documents = 0;
  let leaves = 0;
  const losers: Wanted[] = [];
  for await (const { id, deleted, changes, doc } of readRows(url)) {
    if (deleted !== true) documents += 1;
    leaves += 1;
    if (changes.length === 1) continue;
    for (const { rev } of changes) if (rev !== doc._rev) losers.push({ id, rev });
  }
  if (losers.length > 0) leaves += await readLosers(url, losers);
  return async () => ({ documents, leaves });
});

async function* readRows(url: string): AsyncGenerator<Row> {
  const response = await ask(url, '/_changes?style=all_docs&include_docs=true&seq_interval=1000');
  if (response.body === null) throw new Error('The source answered without a body');
  const decoder = new TextDecoder();
  let rest = '';
  const reader = response.body.getReader();
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    const lines = `${rest}${decoder.decode(read.value, { stream: true })}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.startsWith('{"seq"')) yield JSON.parse(line.replace(/,\r?$/, ''));
  }
}

async function readLosers(url: string, docs: readonly Wanted[]): Promise<number> {
  const response = await ask(url, '/_bulk_get', { docs });
  const { results } = (await response.json()) as { results: { docs: { ok?: object }[] }[] };
  return results.flatMap((result) => result.docs).filter(({ ok }) => ok !== undefined).length;
}

async function ask(url: string, path: string, body?: object): Promise<Response> {
  const { url: address, headers } = withoutCredentials(url);
  const posted = {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { ...headers, 'content-type': 'application/json' },
  };
  const response = await fetch(address + path, body === undefined ? { headers } : posted);
  if (!response.ok) throw new Error(`The source answered ${response.status}`);
  return response;
}
