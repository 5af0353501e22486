import type { DatabaseExchange, Endpoint } from '../exchange.ts';
import { badRequest, notFound } from '../refusals.ts';
import { allDocs, allDocsQueries, type Namespace } from './all-docs.ts';
import { attachmentEndpoint } from './attachment.ts';
import { bulkDocs } from './bulk-docs.ts';
import { bulkGet } from './bulk-get.ts';
import { changes } from './changes.ts';
import { designInfo, view } from './design.ts';
import { documentEndpoint } from './document.ts';
import { find } from './find.ts';
import { localEndpoint } from './local.ts';
import { compaction, fullCommit, purgedInfos, purging, viewCleanup } from './maintenance.ts';
import { oldMissingRevs, revsDiff } from './revs-diff.ts';
import { purgedInfosLimit, revsLimit, security } from './settings.ts';

/**
 * The endpoint below a database that a path names.
 *
 * @param path what follows the name of the database, decoded; at least one part
 * @throws Refusal 400 for a path that can name nothing
 */
export function databaseRoute(path: readonly string[]): Endpoint<DatabaseExchange> {
  const [first = '', ...rest] = path;
  const [second, ...others] = rest;
  const endpoint = rest.length === 0 ? ENDPOINTS.get(first) : undefined;
  if (endpoint !== undefined) return endpoint;
  if (first === '_compact') return compaction;
  if (isNamespace(first) && second === 'queries') return allDocsQueries(first);
  if (first === '_local' || first.startsWith('_local/')) return localRoute(first, rest);
  if (first === '_design' && second !== undefined) return designRoute(second, others);
  if (rest.length === 0) return documentEndpoint(first);
  return attachmentEndpoint(first, rest.join('/'));
}

function localRoute(first: string, rest: readonly string[]): Endpoint<DatabaseExchange> {
  const id = [first, ...rest].join('/');
  if (first === '_local' ? rest.length === 0 : id === '_local/') throw badRequest('Invalid _local document id.');
  if (rest.length > (first === '_local' ? 1 : 0)) throw badRequest('_local documents do not accept attachments.');
  return localEndpoint(id);
}

function designRoute(name: string, rest: readonly string[]): Endpoint<DatabaseExchange> {
  const [handler, ...parts] = rest;
  if (handler === undefined) return documentEndpoint(`_design/${name}`);
  if (handler === '_info' && parts.length === 0) return designInfo(name);
  if (handler === '_view' && parts.length === 1) return view(name, parts[0] ?? '');
  if (handler.startsWith('_')) throw notFound('missing');
  return attachmentEndpoint(`_design/${name}`, rest.join('/'));
}

function isNamespace(name: string): name is Namespace {
  return name === '_all_docs' || name === '_design_docs' || name === '_local_docs';
}

const ENDPOINTS: ReadonlyMap<string, Endpoint<DatabaseExchange>> = new Map([
  ['_all_docs', allDocs('_all_docs')],
  ['_bulk_docs', bulkDocs],
  ['_bulk_get', bulkGet],
  ['_changes', changes],
  ['_design_docs', allDocs('_design_docs')],
  ['_ensure_full_commit', fullCommit],
  ['_find', find],
  ['_local_docs', allDocs('_local_docs')],
  ['_missing_revs', oldMissingRevs],
  ['_purge', purging],
  ['_purged_infos', purgedInfos],
  ['_purged_infos_limit', purgedInfosLimit],
  ['_revs_diff', revsDiff],
  ['_revs_limit', revsLimit],
  ['_security', security],
  ['_view_cleanup', viewCleanup],
]);
