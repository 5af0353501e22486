import { objectMembers } from '../../core/json-text.ts';
import { isJsonObject } from '../../core/json-value.ts';
import type { Key, Kv } from '../../kv/kv.ts';
import { readMany } from '../../kv/read-many.ts';
import type { Layout } from '../layout.ts';
import type { DocumentChange, Mutation } from '../storage.ts';
import { type ContentRecord, decodeContent, encodeContent, isDigest } from './record.ts';

/** What a batch changes in the records of contents. */
export interface ReferenceChanges {
  readonly set: readonly Mutation[];
  readonly delete: readonly Key[];
  /** By how much the attachments grow whose content is not here. */
  readonly missing: number;
}

/** The digests that stubs name, one for each attachment: undefined where it tells none under which a content can be kept. */
export function digestsOf(attachments: string): (string | undefined)[] {
  return objectMembers(attachments, 0).map(({ start, end }) => {
    const stub: unknown = JSON.parse(attachments.slice(start, end));
    const digest = isJsonObject(stub) ? stub['digest'] : undefined;
    return typeof digest === 'string' && isDigest(digest) ? digest : undefined;
  });
}

/**
 * Counts for each content the attachments of stored revisions that name it. A content that nobody names any more is loose
 * from then on, one that is named again is so no longer. Sound as long as nothing is written between the reading here and
 * the commit.
 */
export async function changeReferences(
  kv: Kv,
  layout: Layout,
  changes: readonly Pick<DocumentChange, 'added' | 'dropped'>[],
  now: number,
): Promise<ReferenceChanges> {
  const growth = new Map<string, number>();
  let missing = 0;
  const count = (revisions: readonly { readonly attachments?: string }[], sign: 1 | -1): void => {
    for (const { attachments } of revisions) {
      if (attachments === undefined) continue;
      for (const digest of digestsOf(attachments)) {
        if (digest === undefined) missing += sign;
        else growth.set(digest, (growth.get(digest) ?? 0) + sign);
      }
    }
  };
  for (const { added, dropped } of changes) {
    count(added, 1);
    count(dropped, -1);
  }
  const grown = [...growth].filter(([, by]) => by !== 0);
  const entries = await readMany(
    kv,
    grown.map(([digest]) => layout.content(digest)),
  );
  const set: Mutation[] = [];
  const deleted: Key[] = [];
  for (const [index, [digest, by]] of grown.entries()) {
    const entry = entries[index];
    const before: ContentRecord = entry === undefined ? { references: 0 } : decodeContent(entry.value);
    const { stored, looseSince } = before;
    const references = Math.max(0, before.references + by);
    if (stored === undefined) missing += references - before.references;
    if (looseSince !== undefined) deleted.push(layout.looseContent(looseSince, digest));
    if (stored === undefined && references === 0) deleted.push(layout.content(digest));
    else {
      const isLoose = stored !== undefined && references === 0;
      const after = {
        references,
        ...(stored === undefined ? {} : { stored }),
        ...(isLoose ? { looseSince: now } : {}),
      };
      set.push([layout.content(digest), encodeContent(after)]);
      if (isLoose) set.push([layout.looseContent(now, digest), new Uint8Array()]);
    }
  }
  return { set, delete: deleted, missing };
}
