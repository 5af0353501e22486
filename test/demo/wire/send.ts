import type { CouchServer } from '../../../demo/server/index.ts';

const ADMIN = `Basic ${btoa('admin:password')}`;

/**
 * Sends a request as the administrator, for what happened between the recorded exchanges.
 *
 * @throws Error unless it succeeds
 */
export async function send(
  { url }: Pick<CouchServer, 'url'>,
  method: string,
  path: string,
  body?: object | string | Uint8Array<ArrayBuffer>,
  contentType = 'application/json',
): Promise<{ readonly rev?: string; readonly update_seq?: string }> {
  const isRaw = typeof body === 'string' || body instanceof Uint8Array;
  const response = await fetch(new URL(path, url), {
    method,
    headers: { Authorization: ADMIN, 'Content-Type': contentType },
    body: isRaw ? body : body === undefined ? null : JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return JSON.parse(text);
}
