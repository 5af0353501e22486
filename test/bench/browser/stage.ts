import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { withoutCredentials } from '../../support/source-database.ts';

/** What pages stand on: their programs, and a source that they reach without being asked who they are. */
export interface Stage {
  readonly url: string;
  /** Of the database, as pages have it. */
  readonly sourceUrl: string;
  /** How many requests for it have come since it was asked last. */
  takeRequests(): number;
  close(): Promise<void>;
}

const SOURCE = '/source';

/**
 * Serves pages and programs by their paths, and under the same origin a database: so no page pays for asking the server whether it may.
 *
 * @param databaseUrl with credentials where the server asks for any
 */
export async function setStage(programs: Readonly<Record<string, string>>, databaseUrl: string): Promise<Stage> {
  const { url: database, headers: credentials } = withoutCredentials(databaseUrl);
  let requests = 0;
  const server = createServer((asked, answer) => {
    const { url = '/', method } = asked;
    if (!url.startsWith(SOURCE)) {
      answer.setHeader('Content-Type', url.endsWith('.js') ? 'text/javascript; charset=utf-8' : 'text/html');
      answer.end(programs[url]);
      return;
    }
    requests += 1;
    const headers = { ...asked.headers, ...credentials, host: new URL(database).host };
    const passedOn = request(database + url.slice(SOURCE.length), { method, headers }, (given) => {
      answer.writeHead(given.statusCode ?? 502, given.rawHeaders);
      given.pipe(answer);
    });
    // What one side breaks off is broken off for the other.
    passedOn.on('error', () => answer.destroy());
    answer.on('close', () => passedOn.destroy());
    asked.pipe(passedOn);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://localhost:${(server.address() as AddressInfo).port}`;
  return {
    url,
    sourceUrl: `${url}${SOURCE}`,
    takeRequests() {
      const taken = requests;
      requests = 0;
      return taken;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
