import { type AttachmentStub, parseAttachmentStub } from '../../core/attachment-stub.ts';
import { objectMembers } from '../../core/json-text.ts';
import type { WantedAttachments } from '../../couch/attachments/attached-revisions.ts';
import { hasUrl } from '../../couch/attachments/attachment-bytes.ts';
import type { RevisionToWrite } from '../../replica/target.ts';
import { formatRev } from '../../revs/rev.ts';
import type { Failure } from '../fetch.ts';
import type { AttachmentPolicy } from './policy.ts';

/** A revision with its stubs. */
export type StubbedRevision = Pick<RevisionToWrite, 'id' | 'rev' | 'revisions' | 'attachments'>;

/** An attachment of which the content is wanted. */
export interface WantedContent {
  readonly revision: StubbedRevision;
  readonly stub: AttachmentStub;
  /** All attachments of the revision. */
  readonly beside: readonly AttachmentStub[];
}

/** What some revisions have of attachments. */
export interface ContentPlan {
  readonly wanted: readonly WantedContent[];
  /** How many the policy leaves out. */
  readonly leftOut: number;
  /** Those that are described in such a way that nothing can be fetched. */
  readonly failures: readonly Failure[];
}

/** Contents that are fetched by one request. */
export interface ContentGroup {
  readonly asked: readonly WantedAttachments[];
  readonly contents: readonly WantedContent[];
}

/** Longer contents are fetched by themselves, so that what has come of them is not lost with a connection. */
const SMALL = 64 * 1024;
/** What the attachments of one revision may bring in one answer together with others. */
const SMALL_REVISION = 512 * 1024;
/** What one answer may bring, and of how many revisions. */
const ANSWER = { bytes: 4 * 1024 * 1024, revisions: 100 };

/** The attachments of some revisions, by the policy of the pull. */
export function planContents(
  revisions: readonly StubbedRevision[],
  { maxBytes, match }: AttachmentPolicy,
): ContentPlan {
  const wanted: WantedContent[] = [];
  const failures: Failure[] = [];
  let leftOut = 0;
  for (const revision of revisions) {
    const { id, rev, attachments } = revision;
    if (attachments === undefined) continue;
    const beside: AttachmentStub[] = [];
    for (const { name, start, end } of objectMembers(attachments, 0)) {
      try {
        const stub = parseAttachmentStub(name, JSON.parse(attachments.slice(start, end)));
        beside.push(stub);
        const { contentType, length, digest } = stub;
        const isWanted = length <= maxBytes && (match?.({ id, rev, name, contentType, length, digest }) ?? true);
        if (isWanted) wanted.push({ revision, stub, beside });
        else leftOut += 1;
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        failures.push({ id, rev, attachment: name, reason, gone: false });
      }
    }
  }
  return { wanted, leftOut, failures };
}

/**
 * Divides contents into those that come together, by requests for many revisions, and those that are downloaded one by one. A request
 * brings all attachments of a revision that came after a named ancestor, so only such revisions are asked for as bring little else.
 */
export function divideContents(wanted: readonly WantedContent[]): {
  readonly groups: readonly ContentGroup[];
  readonly singles: readonly WantedContent[];
} {
  const byRevision = new Map<StubbedRevision, WantedContent[]>();
  for (const content of wanted) {
    byRevision.set(content.revision, [...(byRevision.get(content.revision) ?? []), content]);
  }
  const groups: ContentGroup[] = [];
  const singles: WantedContent[] = [];
  let open: { asked: WantedAttachments[]; contents: WantedContent[]; bytes: number } | undefined;
  for (const [revision, contents] of byRevision) {
    const { id, rev } = revision;
    const since = ancestorBefore(revision, contents);
    const bytes = bytesSent(contents, since?.generation ?? 0);
    // What has no url can be had in no other way.
    const isUnnameable = contents.some(({ stub: { name } }) => !hasUrl({ id, name }));
    if (!isUnnameable && !isSmall(contents, bytes)) {
      singles.push(...contents);
      continue;
    }
    if (open === undefined || open.bytes + bytes > ANSWER.bytes || open.asked.length === ANSWER.revisions) {
      open = { asked: [], contents: [], bytes: 0 };
      groups.push(open);
    }
    open.asked.push({ id, rev, since: since === undefined ? undefined : [since.rev] });
    open.contents.push(...contents);
    open.bytes += bytes;
  }
  return { groups, singles };
}

function isSmall(contents: readonly WantedContent[], sent: number): boolean {
  const wanted = contents.reduce((sum, { stub }) => sum + stub.length, 0);
  return contents.every(({ stub }) => stub.length <= SMALL) && sent <= SMALL_REVISION && sent <= 2 * wanted + SMALL;
}

/** The youngest ancestor of a revision that had none of some attachments yet, as far as their stubs tell. */
function ancestorBefore(
  { revisions: { start, ids } }: StubbedRevision,
  contents: readonly WantedContent[],
): { readonly generation: number; readonly rev: string } | undefined {
  const generation = Math.min(...contents.map(({ stub }) => stub.revpos ?? 1)) - 1;
  const id = generation >= 1 ? ids[start - generation] : undefined;
  return id === undefined ? undefined : { generation, rev: formatRev(generation, id) };
}

/** How much the server sends of a revision, when it leaves out what came with a generation or before. */
function bytesSent(contents: readonly WantedContent[], generation: number): number {
  const beside = contents[0]?.beside ?? [];
  return beside.reduce((sum, { revpos, length }) => sum + ((revpos ?? generation + 1) > generation ? length : 0), 0);
}
