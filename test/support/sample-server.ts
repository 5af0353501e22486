import { startServer } from '../../demo/server/index.ts';

/** The demo server with the database that the documentation speaks of: `recipes`, with `pancakes` in it. */
export async function startSampleServer(): ReturnType<typeof startServer> {
  const server = await startServer();
  const requests: [string, RequestInit][] = [
    ['recipes', { method: 'PUT' }],
    ['recipes/pancakes', { method: 'PUT', body: JSON.stringify({ title: 'Pancakes', eggs: 3 }) }],
  ];
  for (const [path, init] of requests) {
    const response = await fetch(`${server.url}/${path}`, init);
    if (!response.ok) throw new Error(`${init.method} /${path} answered ${response.status}`);
    await response.body?.cancel();
  }
  return server;
}
