import { setTimeout as sleep } from 'node:timers/promises';
import { withoutCredentials } from '../support/source-database.ts';

const PLUGIN = 'couch_scanner_plugin_find';
const CHECKPOINT = '/_node/_local/_dbs/_local/scanner-checkpoint-couch-scanner-plugin-find';

/** So fast that its limits do not count. */
const LIMITS = { db_rate_limit: '1000000', shard_rate_limit: '1000000', doc_rate_limit: '1000000' };

/** How long it has until it begins, in milliseconds. A server without a scanner does not. */
const BEGINNING = 30_000;

/** How often it is looked whether it has finished, in milliseconds. */
const LOOK = 50;

/** A value of the configuration: its section, its key, and the value; undefined to have none. */
type Setting = readonly [section: string, key: string, value: string | undefined];

/**
 * Has CouchDB's own scanner look for patterns in one database, as fast as it can. Until it has finished, the server's configuration is changed,
 * but not its files. What it has found is in the server's log.
 *
 * @param url of the server, with its administrator
 * @returns seconds
 * @see https://docs.couchdb.org/en/stable/config/scanner.html
 */
export async function ownScan(
  url: string,
  database: string,
  patterns: Readonly<Record<string, string>>,
): Promise<number> {
  const { url: plain, headers } = withoutCredentials(url);
  const ask = (method: string, path: string, body?: string): Promise<Response> => {
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    return fetch(plain + path, { method, headers: { ...headers, 'x-couch-persist': 'false' }, ...sent });
  };
  const set = async ([section, key, value]: Setting): Promise<Setting> => {
    const path = `/_node/_local/_config/${section}/${key}`;
    const response = value === undefined ? await ask('DELETE', path) : await ask('PUT', path, value);
    const before: unknown = await response.json();
    // What is not there need not be deleted.
    if (!response.ok && !(value === undefined && response.status === 404)) {
      throw new Error(`The server lets nobody configure a scanner: it answered ${response.status} to ${path}`);
    }
    return [section, key, typeof before === 'string' && before !== '' ? before : undefined];
  };
  const settings: Setting[] = [
    ...Object.entries(LIMITS).map(([key, limit]) => ['couch_scanner', key, limit] as const),
    ...Object.entries(patterns).map(([tag, pattern]) => [`${PLUGIN}.regexes`, tag, pattern] as const),
    [`${PLUGIN}.skip_dbs`, 'couchtide-bench', `^(?!${database}$)`],
  ];
  const before: Setting[] = [];
  try {
    before.push(await set(['couch_scanner_plugins', PLUGIN, undefined]));
    for (const setting of settings) before.push(await set(setting));
    const begun = performance.now();
    await set(['couch_scanner_plugins', PLUGIN, 'true']);
    for (;;) {
      const response = await ask('GET', CHECKPOINT);
      const { state } = (await response.json()) as { state?: string };
      const took = performance.now() - begun;
      if (state === 'finished') return took / 1000;
      if (state === undefined && took > BEGINNING)
        throw new Error('The server has no scanner: CouchDB 3.4 and later have');
      await sleep(LOOK);
    }
  } finally {
    // Its checkpoint goes with it.
    await set(['couch_scanner_plugins', PLUGIN, undefined]);
    for (const setting of before) await set(setting);
  }
}
