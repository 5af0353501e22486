import { breather } from '../../core/breather.ts';
import { JsonRows } from '../../core/json-rows.ts';
import { decodeText } from '../../core/text.ts';
import type { Endpoint } from '../request/endpoint.ts';
import { send } from '../request/request.ts';
import { Tries } from '../request/retry.ts';
import { type AllDocsRow, parseListRow } from './list-row.ts';

/** Which documents are listed, and what is told of them. */
export interface AllDocsOptions {
  /** The first id, included; the last one where the order is descending. */
  readonly startKey?: string;
  /** The last id, included. */
  readonly endKey?: string;
  readonly descending?: boolean;
  /** Documents that are passed over first. CouchDB walks past each of them. */
  readonly skip?: number;
  /** The most rows. */
  readonly limit?: number;
  /** Whether rows carry the winning revision. */
  readonly includeDocs?: boolean;
  /** Whether `_conflicts` is shown in it. */
  readonly conflicts?: boolean;
  readonly signal?: AbortSignal;
}

/**
 * Reads `GET /{db}/_all_docs` row by row while it arrives. An answer that breaks off is asked for again from its last row on,
 * and that row is told once.
 *
 * Memory: the rows of one piece of the answer. Requests: one, and one more for each time it breaks off or its connection is needed
 * for another.
 */
export async function* allDocs(
  endpoint: Endpoint,
  { startKey, skip, limit = Number.POSITIVE_INFINITY, ...shown }: AllDocsOptions,
  signal: AbortSignal,
): AsyncGenerator<readonly AllDocsRow[], void, undefined> {
  const tries = new Tries(endpoint, signal);
  const breathe = breather(endpoint.platform);
  let last: string | undefined;
  let left = limit;
  while (left > 0) {
    try {
      const answer = await send(endpoint.connection, {
        url: `${endpoint.url}/_all_docs`,
        query: {
          ...listQuery(shown, last ?? startKey, last === undefined ? left : left + 1),
          skip: last === undefined ? skip?.toString() : undefined,
        },
        reading: { lane: 'feed', isResumable: true },
        signal,
      });
      const reader = new JsonRows('rows');
      let isFurther = false;
      let isLeft = false;
      for await (const text of decodeText(answer.bytes())) {
        const rows = withoutRow(reader.push(text).map(parseListRow), last).slice(0, left);
        const end = rows.at(-1);
        if (end !== undefined) {
          last = end.id;
          left -= rows.length;
          isFurther = true;
          tries.progress();
          yield rows;
        }
        isLeft = isFurther && answer.isOverdue && !reader.complete;
        if (isLeft) break;
        await breathe();
      }
      if (isLeft) continue;
      reader.end();
      return;
    } catch (error) {
      await tries.wait(error);
    }
  }
}

/** The rows of a list that goes on at a row which has been told. */
export function withoutRow<R extends { readonly id: string }>(
  rows: readonly R[],
  told: string | undefined,
): readonly R[] {
  return rows[0]?.id === told ? rows.slice(1) : rows;
}

/** The parameters of a request for so many rows of a list, from an id on. */
export function listQuery(
  { endKey, descending, includeDocs, conflicts }: AllDocsOptions,
  from: string | undefined,
  limit: number,
): Readonly<Record<string, string | undefined>> {
  return {
    start_key: from === undefined ? undefined : JSON.stringify(from),
    end_key: endKey === undefined ? undefined : JSON.stringify(endKey),
    descending: descending ? 'true' : undefined,
    limit: limit === Number.POSITIVE_INFINITY ? undefined : `${limit}`,
    include_docs: includeDocs ? 'true' : undefined,
    conflicts: conflicts ? 'true' : undefined,
  };
}
