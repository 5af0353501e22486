import { nextLine, startProcess } from '../support/process.ts';
import { createDatabase } from '../support/source-database.ts';
import { dataSet } from './data-sets.ts';

/** A database to be measured. */
export interface Source {
  readonly title: string;
  /** With credentials, where the server asks for any. */
  readonly url: string;
  close(): Promise<void>;
}

/** Documents that are written with one request. */
const BATCH = 1000;

/** A data set on `demo/server`, in a process of its own. */
export async function serveDataSet(name: string): Promise<Source> {
  const { title, count } = dataSet(name);
  const child = startProcess(new URL('./source-program.ts', import.meta.url), [name, String(count)]);
  return {
    title: `${name} on demo/server: ${count} ${title}`,
    url: await nextLine(child),
    async close() {
      child.kill();
      await child.ended;
    },
  };
}

/** A data set in a new database of a server, deleted at the end. */
export async function fillDataSet(name: string, server: string): Promise<Source> {
  const { title, count, documents } = dataSet(name);
  const database = await createDatabase(server, `couchtide-bench-${name}-${Date.now()}`);
  let batch: object[] = [];
  const write = async (): Promise<void> => {
    const { status, body } = await database.replicate(batch);
    if (status !== 201) throw new Error(`The server answered ${status} to _bulk_docs: ${JSON.stringify(body)}`);
    batch = [];
  };
  for (const document of documents(count)) {
    batch.push(document);
    if (batch.length === BATCH) await write();
  }
  if (batch.length > 0) await write();
  return {
    title: `${name} on ${new URL(server).host}: ${count} ${title}`,
    url: database.url,
    close: () => database.destroy(),
  };
}

/** A database that is there, and stays. */
export function existingDatabase(url: string): Source {
  const { host, pathname } = new URL(url);
  return { title: `${pathname.slice(1)} on ${host}`, url, close: async () => {} };
}
