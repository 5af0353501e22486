import { isCouchError } from '../../core/errors.ts';
import { parseObject } from '../../core/json-value.ts';
import type { Answer } from './answer.ts';
import type { Exchange } from './authorization.ts';
import type { Connection, RequestDescription } from './connection.ts';
import { refusal } from './refusal.ts';
import { transmit } from './transmit.ts';

/**
 * Sends one request, as soon as there is a connection for it, and waits for the head of the answer. Where the answer is that
 * the credentials are not good any more, they are renewed and the request is sent once again.
 *
 * @throws CouchError when the server refuses
 * @throws NetworkError when there is no answer, or none in time
 * @throws ProtocolError when the answer is not CouchDB's
 * @throws DisplacedError, also while the answer is read, when the description allows it
 */
export async function send(connection: Connection, description: RequestDescription): Promise<Answer> {
  const { authorization } = connection;
  const exchange = exchangeOf(connection, description.signal);
  const authorizing = await authorization.headers(exchange);
  try {
    return await sendOnce(connection, description, authorizing);
  } catch (error) {
    if (!isCouchError(error) || error.status !== 401 || !(await authorization.renew(authorizing, exchange)))
      throw error;
    return sendOnce(connection, description, await authorization.headers(exchange));
  }
}

/** Sends one request and reads its answer, a JSON object. */
export async function sendForObject(
  connection: Connection,
  description: RequestDescription,
): Promise<Readonly<Record<string, unknown>>> {
  const answer = await send(connection, description);
  return parseObject(await answer.text(), `The answer to ${description.method ?? 'GET'} ${description.url}`);
}

/** As much of a refusal's body as is read: CouchDB's own are short, a proxy's page only needs its beginning. */
const LONGEST_REFUSAL = 16 * 1024;

async function sendOnce(
  connection: Connection,
  { json, query, accept = 'application/json', range, ...description }: RequestDescription,
  authorizing: Headers,
): Promise<Answer> {
  const { authorization, platform } = connection;
  const name = `${description.method ?? 'GET'} ${description.url}`;
  const headers = new Headers(connection.headers);
  headers.set('accept', accept);
  if (range !== undefined) headers.set('range', range);
  authorizing.forEach((value, header) => {
    headers.set(header, value);
  });
  const answer = await transmit(connection, {
    ...description,
    name,
    url: withQuery(description.url, query),
    headers,
    body: json === undefined ? undefined : JSON.stringify(json),
    credentials: authorization.credentials,
  });
  authorization.learn?.(answer.response.headers);
  if (answer.response.ok) return answer;
  const error = refusal(answer.response, await answer.beginning(LONGEST_REFUSAL), name, platform);
  if (error.status === 429) answer.refuse(error.retryAfter);
  throw error;
}

function exchangeOf(connection: Connection, signal: AbortSignal | undefined): Exchange {
  const { authorization, platform } = connection;
  return {
    platform,
    async post(url, body) {
      const { credentials } = authorization;
      const sending = {
        name: `POST ${url}`,
        method: 'POST',
        url,
        headers: new Headers({ accept: 'application/json' }),
        body,
        credentials,
        signal,
      } as const;
      const answer = await transmit(connection, sending);
      const { response } = answer;
      const beginning = await answer.beginning(LONGEST_REFUSAL);
      if (response.status === 429) answer.refuse(refusal(response, beginning, sending.name, platform).retryAfter);
      return { response, beginning };
    },
  };
}

function withQuery(url: string, query: RequestDescription['query'] = {}): string {
  const parameters = Object.entries(query).filter((pair): pair is [string, string] => pair[1] !== undefined);
  if (parameters.length === 0) return url;
  return `${url}?${parameters.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&')}`;
}
