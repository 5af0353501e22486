import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A site on this machine: pages and programs, by their paths. */
export interface Site {
  readonly url: string;
  close(): Promise<void>;
}

const TYPES: Readonly<Record<string, string>> = { html: 'text/html', js: 'text/javascript', json: 'application/json' };

/** Serves texts, the type of each by the end of its path; anything else is an empty page. */
export async function serve(files: Readonly<Record<string, string>>): Promise<Site> {
  const server = createServer(({ url = '/' }, response) => {
    const { pathname } = new URL(url, 'http://localhost');
    const type = TYPES[pathname.split('.').at(-1) ?? ''] ?? 'text/html';
    response.setHeader('Content-Type', `${type}; charset=utf-8`);
    response.end(files[pathname] ?? '<!doctype html><title>couchtide</title>');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    // Not by its number: locks and much else are there for a secure context alone, which localhost is.
    url: `http://localhost:${port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
