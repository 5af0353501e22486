import { objectMembers } from './json-text.ts';

/**
 * A document as couchtide keeps it: what CouchDB manages taken out of the text, the rest as the text that came.
 */
export interface DocumentParts {
  /** The members that are the document's own, as JSON text `{…}`; `_id`, `_rev` and their like are not among them. */
  readonly body: string;
  /** The attachment stubs as JSON text `{…}`, absent when there are none. */
  readonly attachments?: string;
}

/**
 * Takes a document's text apart. Removed from the body are the members that CouchDB itself manages: `_id`, `_rev`,
 * `_deleted`, `_revisions`, `_attachments`, and those that it only shows on request. Every other member stays as it was
 * written, also with a leading underscore, and also where one of the same name stands deeper in the document.
 *
 * @param text a JSON object; must be known to parse
 *
 * @example
 * ```ts
 * splitDocument('{"_id":"a","_rev":"1-b","n":12345678901234567890}').body; // '{"n":12345678901234567890}'
 * ```
 */
export function splitDocument(text: string): DocumentParts {
  let kept = '';
  let attachments: string | undefined;
  for (const run of runs(text)) {
    if (run.managed === undefined) kept += kept === '' ? run.text : `,${run.text}`;
    else if (run.managed === '_attachments') attachments = run.text;
  }
  return attachments === undefined ? { body: `{${kept}}` } : { body: `{${kept}}`, attachments };
}

/** What is added to a body to make a document of it. */
export interface DocumentFrame {
  readonly id: string;
  readonly rev: string;
  readonly deleted?: boolean;
  /** More members, each with its value as JSON text, such as `_revisions`. */
  readonly meta?: readonly (readonly [name: string, json: string])[];
  readonly attachments?: string | undefined;
}

/** Puts a document together again, its members in the order in which CouchDB shows them. */
export function joinDocument(body: string, { id, rev, deleted, meta = [], attachments }: DocumentFrame): string {
  const inner = body.slice(1, -1);
  let text = `{"_id":${JSON.stringify(id)},"_rev":${JSON.stringify(rev)}`;
  if (inner !== '') text += `,${inner}`;
  if (deleted) text += ',"_deleted":true';
  for (const [name, json] of meta) text += `,${JSON.stringify(name)}:${json}`;
  if (attachments !== undefined) text += `,"_attachments":${attachments}`;
  return `${text}}`;
}

const MANAGED: ReadonlySet<string> = new Set([
  '_id',
  '_rev',
  '_deleted',
  '_revisions',
  '_attachments',
  '_conflicts',
  '_deleted_conflicts',
  '_revs_info',
  '_local_seq',
]);

/** A stretch of members that stay, as they stand, or the value of one managed member. */
interface Run {
  readonly managed?: string;
  readonly text: string;
}

function runs(text: string): Run[] {
  const open = text.indexOf('{');
  const close = text.lastIndexOf('}');
  const found: Run[] = [];
  let keptFrom = -1;
  let keptTo = -1;
  const flush = (): void => {
    if (keptFrom !== -1) found.push({ text: text.slice(keptFrom, keptTo) });
    keptFrom = -1;
  };
  const usual = usualBody(text, close);
  if (usual !== undefined) return usual === '' ? [] : [{ text: usual }];
  for (const { name, begin, start, end } of objectMembers(text, open)) {
    if (MANAGED.has(name)) {
      flush();
      found.push({ managed: name, text: text.slice(start, end) });
    } else {
      if (keptFrom === -1) keptFrom = begin;
      keptTo = end;
    }
  }
  flush();
  return found;
}

/**
 * The members of a document's own where it begins and ends as CouchDB writes it, and nothing in between can name a managed
 * member; they are then found without looking through them.
 */
function usualBody(text: string, close: number): string | undefined {
  const head = HEAD.exec(text)?.[0].length;
  if (head === undefined) return undefined;
  let end = close;
  for (const name of [',"_revisions":{', ',"_deleted":true']) {
    const at = text.lastIndexOf(name, end);
    // The comma can be the one that the head has taken.
    if (at >= head - 1 && TAIL.test(text.slice(at, end))) end = at;
  }
  if (end < head) return '';
  const body = text.slice(head, end);
  return body.includes('"_') || body.includes('"\\') ? undefined : body.trim();
}

/** How CouchDB begins a document. */
const HEAD = /^\{"_id":"(?:[^"\\]|\\.)*","_rev":"[^"\\]*",?/;
/** What it puts behind the document's own members. */
const TAIL = /^,"_(?:deleted":true|revisions":\{"start":\d+,"ids":\[(?:"[^"\\]*",?)*\]\})$/;
