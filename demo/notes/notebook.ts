import { type CouchServer, startServer } from '../server/index.ts';
import { sampleNotes } from './sample.ts';

/** Where the notes are on the server. */
export const NOTEBOOK = 'notes';

/**
 * Starts a CouchDB-protocol server that has the notebook.
 *
 * @param port default: any free one
 */
export async function startNotebook(port = 0): Promise<CouchServer> {
  const server = await startServer({ port });
  server.createDatabase(NOTEBOOK).bulkDocs(sampleNotes());
  return server;
}

/** Lets the pages of a site ask the server, as the section `[cors]` of CouchDB's configuration does. */
export function admit(server: CouchServer, origin: string): void {
  const headers = ['accept', 'authorization', 'content-type', 'range'];
  server.config.cors = { origins: [origin], credentials: false, headers, methods: ['GET', 'HEAD', 'POST'] };
}
