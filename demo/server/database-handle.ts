import type { Database } from './database.ts';
import { isLocalId } from './document-id.ts';
import { storeEdits } from './edit.ts';
import { ANONYMOUS } from './identity.ts';
import { type IncomingDocument, readDocument } from './incoming.ts';
import { isObject, type JsonObject, type JsonValue } from './json.ts';
import { parseJson } from './json-parse.ts';
import { writeLocal } from './local-document.ts';
import { storeRevisions } from './replicate.ts';
import { showRevision } from './show.ts';
import type { ServerState } from './state.ts';
import { validation } from './validation.ts';
import type { WriteResult, Writing } from './write.ts';

/** A document to write: plain data, or JSON text where numbers and the order of members matter. */
export type DocumentInput = string | object;

/** A database without HTTP, as an administrator: the fast way for tests and the demo to fill and change it. */
export class DatabaseHandle {
  readonly #database: Database;
  readonly #state: ServerState;

  constructor(database: Database, state: ServerState) {
    this.#database = database;
    this.#state = state;
  }

  get name(): string {
    return this.#database.name;
  }

  /** How many documents there are that are not deleted. */
  get documentCount(): number {
    return this.#database.liveCount;
  }

  /**
   * Writes a document on top of the revision it names; gives the new one.
   *
   * @throws Refusal as an answer would: 409 for a conflict
   */
  put(document: DocumentInput): string {
    const [result] = this.bulkDocs([document]);
    if (result === undefined) throw new Error('A write without a result');
    if (result.refusal !== undefined) throw result.refusal;
    return result.rev;
  }

  /**
   * Deletes a document; gives the revision of the tombstone.
   *
   * @param rev default: the winner
   */
  remove(id: string, rev = this.#database.document(id)?.winner.rev): string {
    return this.put({ _id: id, _deleted: true, ...(rev !== undefined && { _rev: rev }) });
  }

  /**
   * Writes several documents, like `_bulk_docs`.
   *
   * @returns with `newEdits` what became of each document, without it what was refused
   */
  bulkDocs(
    documents: readonly DocumentInput[],
    { newEdits = true }: { newEdits?: boolean } = {},
  ): readonly WriteResult[] {
    const incoming = documents.map((document) => this.#read(document));
    if (!newEdits) return storeRevisions(this.#writing(), incoming);
    const local = incoming.filter(({ id }) => isLocalId(id)).map((document) => writeLocal(this.#database, document));
    const ordinary = incoming.filter(({ id }) => !isLocalId(id));
    return [...local, ...storeEdits(this.#writing(), ordinary)];
  }

  /** Writes any number of documents with the revisions they have, a batch at a time. */
  load(documents: Iterable<DocumentInput>): void {
    let batch: DocumentInput[] = [];
    for (const document of documents) {
      batch.push(document);
      if (batch.length < BATCH) continue;
      this.bulkDocs(batch, { newEdits: false });
      batch = [];
    }
    this.bulkDocs(batch, { newEdits: false });
  }

  /** The JSON text of the winner, as `GET` shows it; `undefined` for a document that is not there. */
  text(id: string): string | undefined {
    const document = this.#database.document(id);
    if (document === undefined || document.winner.deleted) return undefined;
    return showRevision(this.#database, document, document.winner.rev, {})?.json;
  }

  #read(input: DocumentInput): IncomingDocument {
    const value: JsonValue = parseJson(typeof input === 'string' ? input : JSON.stringify(input));
    const object: JsonObject = isObject(value) ? value : new Map();
    const document = readDocument(object);
    return document.id === '' ? { ...document, id: this.#state.newId() } : document;
  }

  #writing(): Writing {
    return {
      database: this.#database,
      validate: validation(this.#database, ADMINISTRATOR, () => undefined),
      maxAttachmentSize: this.#state.config.maxAttachmentSize,
      compress: this.#state.compress,
    };
  }
}

const ADMINISTRATOR = { ...ANONYMOUS, roles: ['_admin'] };

/** How many documents are loaded at a time. */
const BATCH = 1000;
