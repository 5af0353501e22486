import { startServer } from '../../demo/server/index.ts';
import type { Revision } from '../support/documents.ts';

/** Documents of the source. */
export const COUNT = 20_000;

/** The id of the document of a number. */
export function idOf(number: number): string {
  return `doc-${number.toString().padStart(5, '0')}`;
}

/** A database on `demo/server`: documents of a kilobyte, which come in an order that is not that of their ids. */
export async function serveLiveSource(): Promise<{ readonly url: string; close(): Promise<void> }> {
  const server = await startServer();
  server.createDatabase('recipes').load(documents());
  return { url: `${server.url}/recipes`, close: () => server.close() };
}

function* documents(): Generator<Revision> {
  const text = 'some words of a document '.repeat(36);
  for (let index = 0; index < COUNT; index += 1) {
    // A step that has no divisor in common with the count reaches each of them.
    const number = (index * 7919) % COUNT;
    yield { _id: idOf(number), _rev: `1-${number.toString(16).padStart(32, '0')}`, number, text };
  }
}
