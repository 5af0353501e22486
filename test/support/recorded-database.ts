import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { type ShownLeaf, shownLeaf, toldLeaves } from './shown-leaves.ts';
import type { SourceDatabase } from './source-database.ts';

/** What CouchDB 3.4.3 told of a database of everything awkward. */
export interface RecordedDatabase {
  readonly docCount: number;
  readonly docDelCount: number;
  readonly docs: readonly RecordedDocument[];
}

/** What it told of one document. */
export interface RecordedDocument {
  readonly id: string;
  /** Its leaf revisions, the winner first, the others as the feed lists them. */
  readonly changes: readonly string[];
  readonly deleted?: boolean;
  readonly get: { readonly status: number; readonly body: string };
  readonly openRevs: { readonly body: string };
}

/** The attachments of a revision, as it shows them. */
export interface ShownAttachments {
  readonly [name: string]: {
    readonly content_type: string;
    readonly digest: string;
    readonly revpos: number;
    readonly length?: number;
    readonly data?: string;
    readonly stub?: boolean;
  };
}

/** The content of an attachment: in base64, or of the largest ones, which CouchDB keeps as they are, its digest alone. */
export interface RecordedContent {
  readonly id: string;
  readonly rev: string;
  readonly name: string;
  readonly data: string | undefined;
  readonly digest: string;
}

/** The writes that made the database. */
interface Recording {
  readonly steps: readonly { readonly docs: readonly string[]; readonly status: number }[];
}

/**
 * Makes the recorded database anew.
 *
 * @throws Error where a write is not answered as it was
 */
export async function replayRecording(source: SourceDatabase): Promise<void> {
  const { steps } = await recorded<Recording>('replica-src');
  for (const { docs, status } of steps) {
    const answer = await source.replicate(docs);
    if (answer.status !== status) throw new Error(`Answered by ${answer.status}, not ${status}: ${docs[0]}`);
  }
}

/** What CouchDB told of it then. */
export function recordedDatabase(): Promise<RecordedDatabase> {
  return recorded('expected');
}

/** A leaf revision by its text, its attachments without what depends on how they were asked for. */
export function leafOf(text: string): ShownLeaf {
  const { _attachments = {} } = JSON.parse(text) as { _attachments?: ShownAttachments };
  const attachments = Object.entries(_attachments).map(([name, { content_type, digest, revpos }]) => [
    name,
    content_type,
    // CouchDB keeps texts compressed and digests that; of two versions of zlib each makes other bytes of the same text.
    COMPRESSED.test(content_type) ? digest.replace(/^md5-.{24}$/, 'md5') : digest,
    revpos,
  ]);
  return { ...shownLeaf(text), attachments };
}

/** Its leaf revisions. */
export function leavesOf({ openRevs }: RecordedDocument): ShownLeaf[] {
  return toldLeaves(openRevs.body).map(leafOf);
}

/** The contents of the attachments of all its leaf revisions. */
export function contentsOf({ id, openRevs }: RecordedDocument): RecordedContent[] {
  const leaves = JSON.parse(openRevs.body) as { ok: { _rev: string; _attachments?: ShownAttachments } }[];
  return leaves.flatMap(({ ok: { _rev: rev, _attachments = {} } }) =>
    Object.entries(_attachments).map(([name, { data, digest }]) => ({ id, rev, name, data, digest })),
  );
}

/** What CouchDB compresses unless it is told otherwise. */
const COMPRESSED = /^(text\/.*|application\/(javascript|json|xml))$/;

async function recorded<T>(name: string): Promise<T> {
  return JSON.parse(gunzipSync(await readFile(new URL(`../oracle/${name}.json.gz`, import.meta.url))).toString()) as T;
}
