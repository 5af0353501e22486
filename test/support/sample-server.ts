import { sampleRecipes } from '../../demo/sample.ts';
import { type CouchServer, startServer } from '../../demo/server/index.ts';

/** The server that the documentation speaks of: `recipes`, with `pancakes` and six others in it. */
export async function startSampleServer(): Promise<CouchServer> {
  const server = await startServer();
  await send(`${server.url}/recipes`, 'PUT');
  await send(`${server.url}/recipes/_bulk_docs`, 'POST', `{"new_edits":false,"docs":[${sampleRecipes(6).join(',')}]}`);
  return server;
}

async function send(url: string, method: string, body?: string): Promise<void> {
  const init = body === undefined ? {} : { body, headers: { 'content-type': 'application/json' } };
  const response = await fetch(url, { method, ...init });
  const answer = await response.text();
  if (!response.ok) throw new Error(`${method} ${url} answered ${response.status}: ${answer}`);
}
