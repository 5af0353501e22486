import { CouchError } from '../../core/errors.ts';
import { isJsonObject } from '../../core/json-value.ts';
import type { ChangesOptions } from '../../couch/changes.ts';
import type { Database } from '../../couch/database.ts';

/**
 * The code of a filter that runs at the source: the text of its function, or the map function of its view. Undefined for
 * CouchDB's own filters, which begin with `_`. One request.
 *
 * @throws CouchError (404) when the design document or the function in it is not there
 */
export async function readFilterCode(
  source: Database,
  filter: NonNullable<ChangesOptions['filter']>,
  signal: AbortSignal,
): Promise<string | undefined> {
  const isView = 'view' in filter;
  const name = isView ? filter.view : filter.name;
  const [design = '', ...rest] = name.split('/');
  if (design.startsWith('_')) return undefined;
  const id = `_design/${design}`;
  const member = rest.join('/');
  const document = await source.get(id, { signal });
  const code = document === undefined ? undefined : codeOf(document[isView ? 'views' : 'filters'], member);
  if (document === undefined || code === undefined) {
    const what = `${isView ? 'view' : 'filter function'} ${JSON.stringify(member)}`;
    const reason = document === undefined ? `${id} does not exist` : `${id} has no ${what}`;
    throw new CouchError(`The source cannot filter by ${JSON.stringify(name)}: ${reason}; make it or name another`, {
      status: 404,
      error: 'not_found',
      reason,
      request: `GET ${source.url}/${id}`,
      retryable: false,
    });
  }
  return JSON.stringify([document['language'] ?? 'javascript', code]);
}

/** A filter is its own text, a view an object with its map function. */
function codeOf(functions: unknown, name: string): unknown {
  if (!isJsonObject(functions) || !Object.hasOwn(functions, name)) return undefined;
  const found = functions[name];
  return isJsonObject(found) ? found['map'] : found;
}
