import { InputError, isCouchError } from '../../core/errors.ts';
import { JsonRows } from '../../core/json-rows.ts';
import type { JsonObject } from '../../core/json-value.ts';
import { encodeSegment } from '../request/address.ts';
import type { Endpoint } from '../request/endpoint.ts';
import { isDatabaseMissing } from '../request/refusal.ts';
import { send, sendForObject } from '../request/request.ts';
import { withRetry } from '../request/retry.ts';
import { isUnsupported } from '../revisions/revisions.ts';
import { type AllDocsOptions, listQuery, withoutRow } from './all-docs.ts';
import { type AllDocsRow, parseListRow } from './list-row.ts';

/** A design document. */
export interface DesignDoc {
  readonly id: string;
  /** The winner. */
  readonly rev: string;
  /** The winning revision, `_id` and `_rev` among its members. */
  readonly doc: JsonObject;
}

/** Design documents of one request. */
const PAGE = 100;

const PREFIX = '_design/';

/** A list that has the design documents in it, and where. */
interface DesignDocsList {
  readonly name: string;
  readonly range: AllDocsOptions;
}

const OWN_LIST: DesignDocsList = { name: '_design_docs', range: {} };

/** `0` comes right after the slash. */
const PART_OF_ALL: DesignDocsList = { name: '_all_docs', range: { startKey: PREFIX, endKey: '_design0' } };

/**
 * Reads `GET /{db}/_design_docs` with bodies, a page at a time, each of which begins with the last row of the one before: however
 * slow the reader is, no answer waits for him. A server that has no such list is asked for that part of `_all_docs`.
 *
 * Memory: one page. Requests: one for every 99 design documents, and one more where the server has no `_design_docs`.
 */
export async function* designDocs(
  endpoint: Endpoint,
  signal: AbortSignal,
): AsyncGenerator<readonly DesignDoc[], void, undefined> {
  let list = OWN_LIST;
  let last: string | undefined;
  for (;;) {
    let rows: readonly AllDocsRow[];
    try {
      rows = await readPage(endpoint, list, last, signal);
    } catch (error) {
      if (list !== OWN_LIST || !isUnsupported(error)) throw error;
      list = PART_OF_ALL;
      continue;
    }
    yield withoutRow(rows, last).flatMap(({ id, rev, doc }) => (doc === undefined ? [] : [{ id, rev, doc }]));
    if (rows.length < PAGE) return;
    last = rows.at(-1)?.id;
  }
}

function readPage(
  endpoint: Endpoint,
  { name, range }: DesignDocsList,
  from: string | undefined,
  signal: AbortSignal,
): Promise<readonly AllDocsRow[]> {
  return withRetry(endpoint, signal, async () => {
    const query = listQuery({ ...range, includeDocs: true }, from ?? range.startKey, PAGE);
    const answer = await send(endpoint.connection, { url: `${endpoint.url}/${name}`, query, signal });
    const reader = new JsonRows('rows');
    const rows = reader.push(await answer.text()).map(parseListRow);
    reader.end();
    return rows;
  });
}

/**
 * Reads `GET /{db}/_design/{name}/_info`; undefined where there is no such design document.
 *
 * @throws InputError for the id of another document, or one that no url can carry
 */
export async function designDocInfo(
  endpoint: Endpoint,
  id: string,
  signal: AbortSignal | undefined,
): Promise<JsonObject | undefined> {
  if (!id.startsWith(PREFIX)) {
    throw new InputError(`${JSON.stringify(id)} is not the id of a design document; those begin with ${PREFIX}`);
  }
  const url = `${endpoint.url}/_design/${encodeSegment(id.slice(PREFIX.length))}/_info`;
  try {
    return await withRetry(endpoint, signal, () => sendForObject(endpoint.connection, { url, signal }));
  } catch (error) {
    if (isCouchError(error) && error.status === 404 && !isDatabaseMissing(error)) return undefined;
    throw error;
  }
}
