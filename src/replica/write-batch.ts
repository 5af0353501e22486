import { backoffDelay } from '../core/backoff.ts';
import { ContentionError } from '../core/errors.ts';
import type { Platform } from '../core/platform.ts';
import { encodeJson } from '../kv/json.ts';
import type { Decision, Entry, Key, Kv, KvLimits } from '../kv/kv.ts';
import type { NamedLocks } from '../kv/named-locks.ts';
import { inCommits } from './commit-size.ts';
import { changeReferences } from './contents/references.ts';
import { type Counter, decodeCounter } from './counter.ts';
import { changeFailures, type FailureChanges } from './failures.ts';
import type { Layout } from './layout.ts';
import type { Lifetime } from './lifetime.ts';
import { isStorableId, type Keep, mergeBatch } from './merge-batch.ts';
import type { DocumentChange, DocumentStorage, Growth, Head, Mutation, PreparedCommit } from './storage.ts';
import type { WriteBatch, WriteResult } from './target.ts';

/** What writing needs of a replica. */
export interface Writing {
  readonly kv: Kv;
  readonly layout: Layout;
  readonly storage: DocumentStorage;
  readonly keep: Keep;
  readonly lifetime: Lifetime;
  readonly platform: Platform;
  /** Keeps writers of one handle from losing races against each other. */
  readonly locks: NamedLocks;
}

/** How often a batch is merged anew because another writer came first. */
const MOST_RACES = 20;

/**
 * Writes a batch: merged into the documents as they are, in one commit with its checkpoint and its failures. What is too much
 * for one commit is written before it, under keys that nobody reads until then.
 *
 * What earlier batches have left to be done is done first, so that its failing is that of this batch and nothing of it is
 * kept. Every commit is guarded by the replica's counter, so that writers in any number of processes and tabs take turns.
 *
 * @throws ContentionError when others always came first; StoreError when the store cannot write; ClosedError when the replica is
 *   closed between two commits
 */
export async function writeBatch(writing: Writing, batch: WriteBatch): Promise<WriteResult> {
  let written = 0;
  return takeTurn(
    writing,
    async (turn) => {
      const rejected = await tryToWrite(writing, turn, batch);
      // A turn may be lost after the documents were written.
      written += turn.written;
      return rejected === 'lost' ? rejected : { written, rejected };
    },
    () => writing.storage.upkeep(),
  );
}

/**
 * Takes a turn in writing, and another one as long as somebody else comes first.
 *
 * @param prepare done once before, while nobody writes through the same handle
 * @throws ContentionError when others always came first
 */
export async function takeTurn<R>(
  writing: Writing,
  attempt: (turn: Turn) => Promise<R | 'lost'>,
  prepare?: () => Promise<void>,
): Promise<R> {
  return writing.locks.run('write', async () => {
    await prepare?.();
    return race(writing, attempt);
  });
}

async function race<R>(writing: Writing, attempt: (turn: Turn) => Promise<R | 'lost'>): Promise<R> {
  for (let races = 1; races <= MOST_RACES; races += 1) {
    const result = await attempt(new Turn(writing));
    if (result !== 'lost') return result;
    await writing.platform.sleep(backoffDelay(races, { base: 2, cap: 100 }, writing.platform.random()));
  }
  throw new ContentionError(
    `The replica ${JSON.stringify(writing.layout.name)} is being written by too many at once; try again`,
  );
}

async function tryToWrite(writing: Writing, turn: Turn, batch: WriteBatch): Promise<WriteResult['rejected'] | 'lost'> {
  const { kv, layout, storage, keep, platform } = writing;
  const counter = await turn.begin();
  const heads = counter.seq === 0 ? new Map<string, Head>() : await readHeads(storage, batch);
  const { changes, rejected } = mergeBatch(batch, heads, { seq: counter.seq, keep });
  const trees = new Map([...heads.values(), ...changes].map(({ id, tree }) => [id, tree]));
  const failures = await changeFailures(kv, layout, {
    recorded: counter.failures,
    failed: [...(batch.failures ?? []), ...rejected],
    forget: batch.forget ?? [],
    trees,
    revisions: batch.revisions,
  });
  const checkpoint: Mutation[] = [];
  if (batch.checkpoint !== undefined) {
    checkpoint.push([layout.checkpoint(batch.checkpoint.id), encodeJson(batch.checkpoint.value)]);
  }
  const references = await changeReferences(kv, layout, changes, platform.now());
  const failuresChanged = failures.added.length + failures.repeated.length + failures.delete.length;
  if (changes.length === 0 && checkpoint.length === 0 && failuresChanged === 0) return rejected;

  const { ahead, announced, ...commit } = storage.prepare(changes, counter.next);
  if (ahead.length > 0) {
    // The numbers are taken first, so that no other writer puts his records under them.
    if (!(await turn.commit({ next: commit.next, set: announced }))) return 'lost';
    for (const records of inCommits(ahead, kv.limits)) if (!(await turn.writeAhead(records))) return 'lost';
  }
  const final: TurnCommit = {
    ...commit,
    changes,
    set: [...commit.set, ...references.set, ...checkpoint],
    delete: [...commit.delete, ...references.delete],
    attachmentsMissing: references.missing,
  };
  return (await commitWithFailures(turn, final, failures, kv.limits)) ? rejected : 'lost';
}

/**
 * Commits with the changes of the record of failures. Where they are too many for one commit, what failed is recorded
 * before, and what is over is struck out after: wherever this ends, nothing is missed that has failed. False when the turn is
 * lost.
 */
async function commitWithFailures(
  turn: Turn,
  final: TurnCommit,
  { added, repeated, delete: over }: FailureChanges,
  limits: KvLimits,
): Promise<boolean> {
  const { next, set = [], delete: deleted = [] } = final;
  const emptied = (keys: readonly Key[]): Mutation[] => keys.map((key) => [key, new Uint8Array()]);
  const changed = [...added, ...repeated, ...emptied(over)];
  const whole = [...set, ...emptied(deleted), ...changed];
  if (changed.length === 0 || [...inCommits(whole, limits)].length <= 1) {
    const all = { set: [...set, ...added, ...repeated], delete: [...deleted, ...over] };
    return turn.commit({ ...final, ...all, failures: added.length - over.length });
  }
  for (const some of inCommits(added, limits)) {
    if (!(await turn.commit({ next, set: some, failures: some.length }))) return false;
  }
  for (const some of inCommits(repeated, limits)) if (!(await turn.commit({ next, set: some }))) return false;
  if (!(await turn.commit(final))) return false;
  for (const some of inCommits(emptied(over), limits)) {
    const keys = some.map(([key]) => key);
    if (!(await turn.commit({ next, delete: keys, failures: -keys.length }))) return false;
  }
  return true;
}

async function readHeads(
  storage: DocumentStorage,
  { revisions, failures = [], replace = [] }: WriteBatch,
): Promise<Map<string, Head>> {
  const ids = [...new Set([...revisions, ...failures, ...replace].map(({ id }) => id))].filter(isStorableId);
  const heads = await storage.heads(ids);
  return new Map(heads.flatMap((head) => (head === undefined ? [] : [[head.id, head]])));
}

/** What one commit of a turn writes. */
export interface TurnCommit extends Pick<PreparedCommit, 'next'>, Partial<Pick<PreparedCommit, 'growth' | 'adopt'>> {
  readonly changes?: readonly DocumentChange[];
  readonly set?: readonly Mutation[];
  readonly delete?: readonly Key[];
  /** By how much the attachments grow whose content is not here. */
  readonly attachmentsMissing?: number;
  /** By how much the record of failures grows. */
  readonly failures?: number;
  /** Must be as they are here, too. */
  readonly guards?: readonly Entry[];
}

/** A row of commits between which nobody else may write. */
export class Turn {
  readonly #writing: Writing;
  #counter: Counter | undefined;
  /** New revisions that are stored. */
  written = 0;

  constructor(writing: Writing) {
    this.#writing = writing;
  }

  async begin(): Promise<Counter> {
    const { kv, layout } = this.#writing;
    const [entry] = await kv.read([layout.counter]);
    this.#counter = decodeCounter(entry, layout.name);
    return this.#counter;
  }

  /** Writes what nothing names yet. False when somebody else has written since: the turn is lost. */
  async writeAhead(set: readonly Mutation[]): Promise<boolean> {
    const { kv, layout, lifetime } = this.#writing;
    lifetime.check();
    return kv.update(
      [layout.counter],
      ([seen]) => {
        const isOurs = decodeCounter(seen, layout.name).token === this.#counter?.token;
        return isOurs ? { set, result: true } : { result: false };
      },
      { durability: 'relaxed' },
    );
  }

  /** False when somebody else has written since. */
  async commit(commit: TurnCommit): Promise<boolean> {
    const { next, growth, adopt, changes = [], set = [], delete: deleted = [], guards = [] } = commit;
    const { failures = 0, attachmentsMissing = 0 } = commit;
    const { kv, layout, lifetime, platform } = this.#writing;
    lifetime.check();
    const before = this.#counter ?? (await this.begin());
    const token = platform.uuid();
    const sum = (member: keyof Growth): number => changes.reduce((total, change) => total + change.growth[member], 0);
    const after: Counter = {
      ...before,
      token,
      seq: before.seq + changes.length,
      next,
      bodyBytes: before.bodyBytes + (growth?.bodyBytes ?? 0),
      deadBytes: before.deadBytes + (growth?.deadBytes ?? 0),
      sequenced: before.sequenced + (growth?.sequenced ?? 0),
      sequenceRecords: before.sequenceRecords + (growth?.sequenceRecords ?? 0),
      docCount: before.docCount + sum('docs'),
      docDelCount: before.docDelCount + sum('tombstones'),
      attachmentsMissing: Math.max(0, before.attachmentsMissing + attachmentsMissing),
      failures: Math.max(0, before.failures + failures),
    };
    const records: Mutation[] = [...set, [layout.counter, encodeJson(after)], [layout.signal, encodeJson(token)]];
    const done = await kv.update(
      [layout.counter, ...guards.map(({ key }) => key)],
      ([seen, ...guarded]): Decision<boolean> => {
        // A commit that happened although its answer was lost is found here as our own.
        const now = decodeCounter(seen, layout.name).token;
        if (now === token) return { result: true };
        if (now !== before.token) return { result: false };
        if (guards.some(({ version }, index) => guarded[index]?.version !== version)) return { result: false };
        return { set: records, delete: deleted, result: true };
      },
      { durability: 'relaxed' },
    );
    if (done) {
      adopt?.({ before: before.token, after: token });
      this.#counter = after;
      this.written += sum('revisions');
    }
    return done;
  }
}
