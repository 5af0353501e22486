import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { text } from 'node:stream/consumers';

/** A database of some CouchDB-protocol server that a test fills and changes over plain HTTP. */
export interface SourceDatabase {
  readonly name: string;
  /** With credentials, where the server asks for any. */
  readonly url: string;
  /** Documents with their revisions, as JSON texts, written as they are; the status and the answer. */
  replicate(docs: readonly (string | object)[]): Promise<{ status: number; body: unknown }>;
  /** One ordinary edit; the new revision. */
  put(doc: { readonly _id: string; readonly _rev?: string; readonly [member: string]: unknown }): Promise<string>;
  /** `GET` of a path below the database, as text. */
  read(path: string): Promise<{ status: number; text: string }>;
  /** Any request for a path below the database, its body sent as JSON; the status and the answer as text. */
  send(method: string, path: string, body?: unknown): Promise<{ status: number; text: string }>;
  destroy(): Promise<void>;
}

/** Makes a database with a new name on a server. */
export async function createDatabase(
  serverUrl: string,
  name = `couchtide-test-${randomUUID()}`,
): Promise<SourceDatabase> {
  const { url: base, headers } = withoutCredentials(serverUrl);
  const at = new URL(base);
  // Not `fetch`, which would resolve a document called `..` away.
  const request = async (method: string, path: string, body?: string): Promise<{ status: number; text: string }> => {
    const sent = (at.protocol === 'https:' ? httpsRequest : httpRequest)({
      method,
      host: at.hostname,
      port: at.port,
      path: `${at.pathname.replace(/\/$/, '')}/${encodeURIComponent(name)}${path}`,
      headers: {
        ...headers,
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
    });
    sent.end(body);
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    return { status: response.statusCode ?? 0, text: await text(response) };
  };
  const created = await request('PUT', '');
  if (created.status >= 300) throw new Error(`Cannot make the database ${name}: ${created.status} ${created.text}`);
  return {
    name,
    url: `${serverUrl.replace(/\/$/, '')}/${encodeURIComponent(name)}`,
    async replicate(docs) {
      const texts = docs.map((doc) => (typeof doc === 'string' ? doc : JSON.stringify(doc)));
      const { status, text: answer } = await request(
        'POST',
        '/_bulk_docs',
        `{"new_edits":false,"docs":[${texts.join(',')}]}`,
      );
      return { status, body: answer === '' ? undefined : JSON.parse(answer) };
    },
    async put(doc) {
      const { status, text: answer } = await request('PUT', `/${encodeURIComponent(doc._id)}`, JSON.stringify(doc));
      if (status >= 300) throw new Error(`Cannot write ${doc._id}: ${status} ${answer}`);
      return (JSON.parse(answer) as { rev: string }).rev;
    },
    read: (path) => request('GET', path),
    send: (method, path, body) => request(method, path, body === undefined ? undefined : JSON.stringify(body)),
    async destroy() {
      await request('DELETE', '');
    },
  };
}

/** A url as a request may have it, and its credentials as they are sent. */
export function withoutCredentials(serverUrl: string): { url: string; headers: Record<string, string> } {
  const url = new URL(serverUrl);
  const { username, password } = url;
  url.username = '';
  url.password = '';
  const headers: Record<string, string> =
    username === ''
      ? {}
      : {
          authorization: `Basic ${Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64')}`,
        };
  return { url: url.href.replace(/\/$/, ''), headers };
}
