import type { Browser } from 'playwright';
import { type CouchServer, startServer } from '../../demo/server/index.ts';
import type { BoundCase } from '../contract/suite.ts';
import { createDatabase, type SourceDatabase } from '../support/source-database.ts';
import type { BrowserName } from './browsers.ts';

/** Where cases run: a browser, and the site whose pages it opens. */
export interface Bed {
  readonly name: BrowserName;
  /** One that all cases share, for contexts of their own. */
  readonly browser: Browser;
  readonly siteUrl: string;
}

/** Cases for each browser. */
export type BrowserSuite = (bed: Bed) => BoundCase[];

/** A database that pages of other sites may read. */
export interface Origin {
  readonly server: CouchServer;
  readonly source: SourceDatabase;
}

/** Starts a server with a database, to be closed by whoever starts it. */
export async function startOrigin(): Promise<Origin> {
  const server = await startServer({
    config: {
      cors: {
        origins: ['*'],
        credentials: false,
        headers: ['content-type', 'accept'],
        methods: ['GET', 'POST'],
      },
    },
  });
  return { server, source: await createDatabase(server.url, 'source') };
}
