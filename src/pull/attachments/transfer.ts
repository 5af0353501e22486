import { isCouchError, isInputError, isNetworkError, isProtocolError, isRetryable } from '../../core/errors.ts';
import type { AttachedContent } from '../../couch/attachments/attached-revisions.ts';
import type { Database } from '../../couch/database.ts';
import type { ContentSink } from '../../replica/contents/content.ts';
import { answers, mayBePoisoned } from '../fetch.ts';
import type { PullTarget } from '../pull-target.ts';
import type { ContentGroup, WantedContent } from './plan.ts';

/** Where contents come from and go to. */
export interface ContentWay {
  readonly source: Database;
  readonly target: PullTarget;
  /** Told of every content that is stored. */
  readonly onStored: () => void;
}

/** Why a content could not be had. */
export interface LostContent {
  readonly reason: string;
  /** Whether the source has the revision or the attachment no more. */
  readonly gone: boolean;
}

/** Commits that may be under way while the next contents are read: each keeps no more than one small content in memory. */
const COMMITS_AHEAD = 32;

/**
 * Fetches many small contents by one request. What does not come, whatever the reason, is left to be downloaded one by one; only
 * what is wrong with the target is thrown.
 *
 * @returns the digests that are stored now
 */
export async function fetchTogether(
  { source, target, onStored }: ContentWay,
  { asked, contents }: ContentGroup,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const wanted = new Set(contents.map(({ stub }) => stub.digest));
  const stored = new Set<string>();
  let commits: Promise<void>[] = [];
  try {
    for await (const { contents: arriving } of source.attachedRevisions(asked, signal)) {
      for await (const content of arriving) {
        const { digest } = content.stub;
        // The same content may come with several revisions.
        if (!wanted.delete(digest)) continue;
        const commit = (await written(target, content)).commit().then(() => {
          stored.add(digest);
          onStored();
        });
        commit.catch(() => {});
        commits.push(commit);
        if (commits.length < COMMITS_AHEAD) continue;
        await Promise.all(commits);
        commits = [];
      }
    }
    await Promise.all(commits);
  } catch (error) {
    await Promise.allSettled(commits);
    if (signal.aborted || !(isOfSource(error) || isRetryable(error))) throw error;
  }
  return stored;
}

/** A sink that has taken all of a content. */
async function written(target: PullTarget, { stub, length, bytes }: AttachedContent): Promise<ContentSink> {
  const { digest, contentType: type, encoding } = stub;
  const info = { length, type, ...(encoding === undefined ? {} : { encoding }) };
  let sink = await target.openContent(digest, info);
  if (sink.offset > 0) {
    // All of it comes anyway, and is verified as a whole.
    await sink.abort();
    sink = await target.openContent(digest, info);
  }
  try {
    for await (const piece of bytes()) await sink.write(piece);
    return sink;
  } catch (error) {
    await ended(sink.abort(error));
    throw error;
  }
}

/**
 * Downloads a content piece by piece, from where an earlier try has ended. Where it comes otherwise than its stub says, it is
 * fetched once more from the beginning.
 *
 * @returns why it cannot be had, or undefined once it is stored
 * @throws what concerns more than this content: errors of the target, of credentials, of a server that does not answer
 */
export async function fetchAlone(
  way: ContentWay,
  content: WantedContent,
  signal: AbortSignal,
): Promise<LostContent | undefined> {
  for (let tries = 1; ; tries += 1) {
    try {
      await way.target.patiently(() => download(way, content, signal));
      way.onStored();
      return undefined;
    } catch (error) {
      if (signal.aborted || !isOfSource(error)) throw error;
      if (isProtocolError(error) && tries === 1) continue;
      const gone = isCouchError(error) && error.status === 404;
      const isOwnFault = gone || isProtocolError(error) || isInputError(error);
      if (!isOwnFault && !(mayBePoisoned(error) && (await answers(way.source, signal)))) throw error;
      const said = error instanceof Error ? error.message : String(error);
      return { reason: `The content of its attachment cannot be had: ${said}`, gone };
    }
  }
}

async function download(
  { source, target }: ContentWay,
  { revision, stub }: WantedContent,
  signal: AbortSignal,
): Promise<void> {
  const { digest, length, contentType: type } = stub;
  const sink = await target.openContent(digest, { length, type });
  const after = sink.offset === 0 ? undefined : { offset: sink.offset, kept: () => sink.kept() };
  try {
    const wanted = { id: revision.id, rev: revision.rev, stub };
    for await (const piece of source.downloadAttachment(wanted, { after, lent: true, signal })) await sink.write(piece);
    await sink.commit();
  } catch (error) {
    // Bytes that turned out to be wrong are no good; those before a break are.
    await ended(isProtocolError(error) ? sink.abort(error) : sink.suspend());
    throw error;
  }
}

/** Waits for the end of a sink after a failure, which alone counts. */
async function ended(end: Promise<void>): Promise<void> {
  await end.catch(() => {});
}

function isOfSource(error: unknown): boolean {
  return isCouchError(error) || isNetworkError(error) || isProtocolError(error) || isInputError(error);
}
