import { isJsonObject, type JsonObject, parseObject } from '../../core/json-value.ts';
import type { ScanDesignDoc, ScanDoc, ScanRevision } from '../plugin.ts';

/** The own members of a document: those that CouchDB reserves begin with `_`. */
export function ownMembers(document: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(document).filter(([name]) => !name.startsWith('_')));
}

/** A revision from its parsed document. */
export function scanRevision(rev: string, deleted: boolean, document: JsonObject): ScanRevision {
  return { rev, deleted, body: ownMembers(document), attachments: attachmentsOf(document) };
}

/** A design document from its parsed document. */
export function scanDesignDoc(id: string, rev: string, document: JsonObject): ScanDesignDoc {
  return { id, rev, body: ownMembers(document) };
}

/** A document from its text. It is parsed, and its members are taken apart, when somebody wants them. */
export function scanDoc(id: string, rev: string, text: string, parsed?: JsonObject): ScanDoc {
  return new LazyDoc(id, rev, text, parsed);
}

class LazyDoc implements ScanDoc {
  readonly id: string;
  readonly rev: string;
  readonly deleted = false;
  readonly text: string;
  #parsed: JsonObject | undefined;
  #body: JsonObject | undefined;

  constructor(id: string, rev: string, text: string, parsed: JsonObject | undefined) {
    this.id = id;
    this.rev = rev;
    this.text = text;
    this.#parsed = parsed;
  }

  get body(): JsonObject {
    this.#body ??= ownMembers(this.#document);
    return this.#body;
  }

  get attachments(): readonly string[] {
    return attachmentsOf(this.#document);
  }

  get #document(): JsonObject {
    this.#parsed ??= parseObject(this.text, `The document ${JSON.stringify(this.id)}`);
    return this.#parsed;
  }
}

function attachmentsOf({ _attachments: stubs }: JsonObject): string[] {
  return isJsonObject(stubs) ? Object.keys(stubs) : [];
}
