import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname } from 'node:path';
import type { SiteFiles } from './build.ts';

/** A site that is served on this machine. */
export interface Site {
  /** `http://127.0.0.1:port`, without a slash at the end. */
  readonly url: string;
  close(): Promise<void>;
}

const TYPES: Readonly<Record<string, string>> = {
  '': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/**
 * Serves files.
 *
 * @param port default: any free one
 */
export async function serveSite(files: SiteFiles, port = 0): Promise<Site> {
  const server = createServer(({ url = '/' }, response) => {
    const name = new URL(url, 'http://site').pathname.slice(1);
    const content = files.get(name);
    const type = TYPES[extname(name)] ?? 'application/octet-stream';
    // The service worker keeps the files; that it looks for newer ones is what this is for.
    response.setHeader('Cache-Control', 'no-cache').setHeader('X-Content-Type-Options', 'nosniff');
    if (content === undefined) response.writeHead(404).end();
    else response.writeHead(200, { 'Content-Type': type }).end(content);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}
