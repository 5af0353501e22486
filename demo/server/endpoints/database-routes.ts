import type { DatabaseExchange, Endpoint } from '../exchange.ts';
import { notFound } from '../refusals.ts';
import { bulkDocs } from './bulk-docs.ts';
import { bulkGet } from './bulk-get.ts';
import { changes } from './changes.ts';
import { documentEndpoint } from './document.ts';

/**
 * The endpoint below a database that a path names.
 *
 * @throws Refusal 404 when there is none
 */
export function databaseRoute(path: readonly string[], _exchange: DatabaseExchange): Endpoint<DatabaseExchange> {
  const [first = ''] = path;
  const endpoint = ENDPOINTS.get(first);
  if (endpoint !== undefined) return endpoint;
  if (path.length === 1) return documentEndpoint(first);
  throw notFound();
}

const ENDPOINTS: ReadonlyMap<string, Endpoint<DatabaseExchange>> = new Map([
  ['_bulk_docs', bulkDocs],
  ['_bulk_get', bulkGet],
  ['_changes', changes],
]);
