import { isCouchError, ProtocolError } from '../core/errors.ts';
import type { JsonObject } from '../core/json-value.ts';
import { encodeDocumentId } from './request/address.ts';
import type { Endpoint } from './request/endpoint.ts';
import { isDatabaseMissing } from './request/refusal.ts';
import { sendForObject } from './request/request.ts';
import { withRetry } from './request/retry.ts';

/** A document as JSON: `_id`, `_rev` and its own members. */
export interface Doc extends JsonObject {
  readonly _id: string;
  readonly _rev: string;
}

/** Which revision of a document, and what beside it. */
export interface GetOptions {
  /** The winner unless a revision is named. */
  readonly rev?: string;
  /** Whether `_revisions` is shown. */
  readonly revs?: boolean;
  /** Whether `_conflicts` is shown; only beside a winner. */
  readonly conflicts?: boolean;
  readonly signal?: AbortSignal;
}

/**
 * Reads `GET /{db}/{id}`; undefined where there is no such document, or its winner is a tombstone.
 *
 * @param more parameters that go with it
 */
export async function get(
  endpoint: Endpoint,
  id: string,
  options: GetOptions,
  more: Readonly<Record<string, string>> = {},
): Promise<Doc | undefined> {
  const { rev, revs, conflicts, signal } = options;
  const url = `${endpoint.url}/${encodeDocumentId(id)}`;
  const query = { rev, revs: revs ? 'true' : undefined, conflicts: conflicts ? 'true' : undefined, ...more };
  try {
    const document = await withRetry(endpoint, signal, () =>
      sendForObject(endpoint.connection, { url, query, signal }),
    );
    if (isDoc(document)) return document;
    throw new ProtocolError(`The answer to GET ${url} is not a document`, true);
  } catch (error) {
    if (isCouchError(error) && error.status === 404 && !isDatabaseMissing(error)) return undefined;
    throw error;
  }
}

function isDoc(value: JsonObject): value is Doc {
  return typeof value['_id'] === 'string' && typeof value['_rev'] === 'string';
}
