import { childController } from '../../core/abort.ts';
import type { RevisionToWrite } from '../../replica/target.ts';
import { type Failure, fetchRevisions } from '../fetch.ts';
import type { RequestSize } from '../request-size.ts';
import { divideContents, planContents, type StubbedRevision, type WantedContent } from './plan.ts';
import type { AttachmentPolicy } from './policy.ts';
import { Slots } from './slots.ts';
import { type ContentWay, fetchAlone, fetchTogether, type LostContent } from './transfer.ts';

/** What a pull needs to fetch the contents of attachments. */
export interface ContentsContext extends ContentWay {
  readonly policy: AttachmentPolicy;
  readonly size: RequestSize;
  /** Waits while the pull is paused. */
  readonly pass: (signal: AbortSignal) => Promise<void>;
  readonly onLeftOut: (count: number) => void;
}

/** What has come of the contents of some revisions. */
export interface BroughtContents {
  /** Attachments whose content could not be had. */
  readonly failures: readonly Failure[];
  /** Newer revisions of documents that have moved on meanwhile, their contents brought as well. */
  readonly newer: readonly RevisionToWrite[];
}

/** Requests for contents at the same time: a server is not to be asked for more, and memory holds a piece for each. */
const AT_ONCE = 3;

/**
 * Brings the contents of attachments into the target, each digest once: before the batch is written whose stubs name them.
 * Memory: a few pieces, however long a content is.
 */
export class Contents {
  readonly #context: ContentsContext;
  readonly #slots = new Slots(AT_ONCE);
  /** The digests that are being fetched; settled, whatever came of it. */
  readonly #underway = new Map<string, Promise<void>>();

  constructor(context: ContentsContext) {
    this.#context = context;
  }

  async bring(revisions: readonly StubbedRevision[], signal: AbortSignal): Promise<BroughtContents> {
    const { source, size } = this.#context;
    const { failures, moved } = await this.#bring(revisions, signal);
    if (moved.length === 0) return { failures, newer: [] };
    const ids = [...new Set(moved.map(({ id }) => id))];
    const now = await fetchRevisions(
      source,
      ids.map((id) => ({ id })),
      size,
      signal,
    );
    const known = new Set(revisions.map(({ id, rev }) => JSON.stringify([id, rev])));
    const newer = now.revisions.filter(({ id, rev }) => !known.has(JSON.stringify([id, rev])));
    // Those that move on again are found by what comes next of the feed.
    const again = await this.#bring(newer, signal);
    return { failures: [...failures, ...moved, ...again.failures, ...again.moved], newer };
  }

  async #bring(
    revisions: readonly StubbedRevision[],
    signal: AbortSignal,
  ): Promise<{ readonly failures: readonly Failure[]; readonly moved: readonly Failure[] }> {
    const plan = planContents(revisions, this.#context.policy);
    if (plan.leftOut > 0) this.#context.onLeftOut(plan.leftOut);
    const lost = await this.#fetch(plan.wanted, signal);
    const failures = [...lost].map(([{ revision, stub }, { reason, gone }]): Failure => {
      return { id: revision.id, rev: revision.rev, attachment: stub.name, reason, gone };
    });
    return {
      failures: [...plan.failures, ...failures.filter(({ gone }) => !gone)],
      moved: failures.filter(({ gone }) => gone),
    };
  }

  /** Brings contents unless they are here; gives those that cannot be had. */
  async #fetch(
    wanted: readonly WantedContent[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<WantedContent, LostContent>> {
    const mine: WantedContent[] = [];
    const others: WantedContent[] = [];
    const waits: Promise<void>[] = [];
    let settle = (): void => {};
    const settled = new Promise<void>((resolve) => {
      settle = resolve;
    });
    for (const content of wanted) {
      const wait = this.#underway.get(content.stub.digest);
      if (wait === undefined) this.#underway.set(content.stub.digest, settled);
      if (wait === undefined || wait === settled) mine.push(content);
      else {
        others.push(content);
        waits.push(wait);
      }
    }
    let lost: ReadonlyMap<WantedContent, LostContent>;
    try {
      lost = mine.length === 0 ? new Map() : await this.#fetchMissing(mine, signal);
    } finally {
      for (const { stub } of mine) this.#underway.delete(stub.digest);
      settle();
    }
    if (others.length === 0) return lost;
    await Promise.all(waits);
    return new Map([...lost, ...(await this.#fetch(others, signal))]);
  }

  async #fetchMissing(
    wanted: readonly WantedContent[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<WantedContent, LostContent>> {
    const { target } = this.#context;
    const byDigest = new Map<string, WantedContent[]>();
    for (const content of wanted) {
      byDigest.set(content.stub.digest, [...(byDigest.get(content.stub.digest) ?? []), content]);
    }
    for (const digest of await target.hasContent([...byDigest.keys()])) byDigest.delete(digest);
    const { groups } = divideContents([...byDigest.values()].flatMap(([first]) => first ?? []));
    await allOrNone(signal, groups, async (group, stopped) => {
      const stored = await this.#run(() => fetchTogether(this.#context, group, stopped), stopped);
      for (const digest of stored) byDigest.delete(digest);
    });
    const lost = new Map<WantedContent, LostContent>();
    await allOrNone(signal, [...byDigest.values()], async (places, stopped) => {
      const reasons = new Map<WantedContent, LostContent>();
      for (const place of places) {
        const reason = await this.#run(() => fetchAlone(this.#context, place, stopped), stopped);
        if (reason === undefined) return;
        reasons.set(place, reason);
      }
      for (const [place, reason] of reasons) lost.set(place, reason);
    });
    return lost;
  }

  #run<R>(work: () => Promise<R>, signal: AbortSignal): Promise<R> {
    return this.#slots.run(async () => {
      await this.#context.pass(signal);
      return work();
    });
  }
}

/** Works on everything at once. The first failure stops the rest, and is thrown when nothing of it runs any more. */
async function allOrNone<T>(
  signal: AbortSignal,
  values: readonly T[],
  work: (value: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const controller = childController(signal);
  let failure: { readonly error: unknown } | undefined;
  await Promise.all(
    values.map((value) =>
      work(value, controller.signal).catch((error: unknown) => {
        failure ??= { error };
        controller.abort(error);
      }),
    ),
  );
  controller.release();
  if (failure !== undefined) throw failure.error;
}
