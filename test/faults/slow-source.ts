import type { CouchServer } from '../../demo/server/index.ts';

/** How slowly it answers, in milliseconds: a batch takes some hundredths of a second, and every phase of it its share. */
const LATENCY = 5;
const DRIP = { pause: { ms: 2, per: 'chunk' } } as const;

/** Bytes of the chunks in which a server that is to be slow sends its answers. */
export const CHUNK = 16 * 1024;

/** Runs something while a server is slow, and has just begun to count its requests. */
export async function slowly<R>(server: CouchServer, run: () => Promise<R>): Promise<R> {
  server.requests.reset();
  server.latency = LATENCY;
  const flow = server.faults.add(DRIP);
  try {
    return await run();
  } finally {
    flow();
    server.latency = 0;
  }
}
