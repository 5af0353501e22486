import type { Gate } from '../core/gate.ts';
import { orderedMap } from '../core/ordered-map.ts';
import type { Database } from '../couch/database.ts';
import type { Sequence } from '../couch/feed/sequence.ts';
import type {
  MissingRevisions,
  OfferedRevisions,
  RevisionToWrite,
  WriteBatch,
  WriteResult,
} from '../replica/target.ts';
import { Attachments } from './attachments/attachments.ts';
import type { Checkpoints } from './checkpoint.ts';
import { type Failure, fetchRevisions } from './fetch.ts';
import type { PullSettings } from './options.ts';
import { divide, type Part } from './parts.ts';
import { type Passed, pass } from './passing.ts';
import { leavesBy, offeredBy, plan } from './plan.ts';
import type { PullTarget } from './pull-target.ts';
import type { RequestSize } from './request-size.ts';
import type { RowBatch } from './source/batches.ts';
import { Underway } from './underway.ts';

/** What became of one commit. */
export interface Stored extends WriteResult {
  /** Revisions that the source gave. */
  readonly read: number;
  /** Revisions that it could not give. */
  readonly failures: readonly Omit<Failure, 'gone'>[];
  /** Failures of earlier pulls that are none any more, as the source has given the revisions up. */
  readonly forgotten: readonly { readonly id: string; readonly rev: string }[];
  /** Rows of the feed that are covered now. */
  readonly rows: number;
  /** Where the checkpoint has been moved. */
  readonly through: Sequence | undefined;
  /** Rows the source has after these, where it says. */
  readonly pending: number | undefined;
  /** Whether the source had nothing more when it gave these. */
  readonly caughtUp: boolean;
}

/** What a passage needs of its pull. */
export interface PassageContext {
  readonly source: Database;
  readonly target: PullTarget;
  readonly settings: PullSettings;
  readonly gate: Gate;
  readonly checkpoints: Checkpoints;
  readonly size: RequestSize;
  readonly signal: AbortSignal;
  /** Up to where everything was stored before. */
  readonly through: Sequence | undefined;
  /** Told of every content that is stored. */
  readonly onAttachment: () => void;
  /** Told of attachments that the pull's options leave out. */
  readonly onLeftOut: (count: number) => void;
  /** Told of every commit, in order. */
  readonly onStored: (stored: Stored) => void;
}

/** A part that has been fetched. */
interface ReadyPart extends Omit<Part, 'derived' | 'wanted'>, Pick<WriteBatch, 'revisions'> {
  readonly failures: readonly Failure[];
}

/** Batches that are read while those before them are on their way, so that turning a page of the feed holds nothing up. */
const READ_AHEAD = 2;

/** The way of documents from a source into a target: diff, plan, fetches side by side, commits in order. */
export class Passage {
  readonly #context: PassageContext;
  /** The documents that are selected by their ids: there are servers that take no list of them, and tell of all. */
  readonly #ids: ReadonlySet<string> | undefined;
  readonly #underway = new Underway();
  readonly #attachments: Attachments;
  #through: Sequence | undefined;

  constructor(context: PassageContext) {
    this.#context = context;
    const { docIds } = context.settings.selection;
    this.#ids = docIds === undefined ? undefined : new Set(docIds);
    this.#through = context.through;
    const { source, target, settings, gate, size, onAttachment, onLeftOut } = context;
    const pass = (signal: AbortSignal): Promise<void> => gate.pass(signal);
    const policy = settings.attachments;
    this.#attachments = new Attachments({ source, target, policy, size, pass, onStored: onAttachment, onLeftOut });
  }

  /** Up to where everything is stored. */
  get through(): Sequence | undefined {
    return this.#through;
  }

  /**
   * Takes all batches of a reading to the target.
   *
   * @param empty whether the target holds nothing but what this passage has brought
   */
  async bring(read: (stopped: AbortSignal) => AsyncIterable<RowBatch>, empty: boolean): Promise<void> {
    const { signal, settings } = this.#context;
    const ready = orderedMap(
      (stopped) => this.#parts(readAhead(read, stopped), empty, stopped),
      (part, stopped) => this.#fetch(part, stopped),
      { ahead: settings.ahead, signal },
    );
    for await (const part of ready) {
      await this.#store(part, part);
      this.#underway.remove(part.covers);
    }
  }

  /** Stores what has been fetched beside the feed. */
  async store({ revisions, failures = [], forget = [] }: Omit<WriteBatch, 'checkpoint' | 'replace'>): Promise<void> {
    const passed = await this.#pass(revisions, this.#context.signal);
    await this.#store({ revisions: passed.revisions, failures: [...failures, ...passed.failures], forget });
  }

  /** Brings the contents that earlier pulls have left out, and this one does not; with the next checkpoint they are here. */
  async makeGood(): Promise<void> {
    const { target, signal, settings, checkpoints } = this.#context;
    for await (const revisions of target.lackingContent()) {
      const { failures, newer } = await this.#attachments.bring(revisions, signal);
      const passed = pass(newer, settings.passing);
      await this.#store({ revisions: passed.revisions, failures: [...failures, ...passed.failures] });
    }
    if (this.#through !== undefined) await checkpoints.write({ revisions: [] }, this.#through);
  }

  /** Diff and plan of the batches, and their division into what one request brings. */
  async *#parts(
    batches: AsyncIterable<RowBatch>,
    empty: boolean,
    signal: AbortSignal,
  ): AsyncGenerator<Part, void, undefined> {
    const { gate, settings, size } = this.#context;
    for await (const told of batches) {
      const batch = { ...told, rows: told.rows.filter(({ id }) => this.#ids?.has(id) ?? true) };
      await gate.pass(signal);
      const offered = offeredBy(batch.rows);
      const missing = await this.#missing(offered, empty);
      const replace = settings.selection.history === 'leaves' ? leavesBy(batch.rows) : [];
      this.#underway.add(batch.rows.map(({ id }) => id));
      yield* divide(batch, plan(batch.rows, missing, settings.selection), replace, size);
    }
  }

  async #missing(offered: readonly OfferedRevisions[], empty: boolean): Promise<readonly MissingRevisions[]> {
    const { settings, target } = this.#context;
    // Whether a document is known, which decides about its tombstone, is also a matter of what is on its way.
    if (settings.selection.skipTombstones) {
      const missing = await target.diff(offered);
      return missing.map((document) => ({ ...document, known: document.known || this.#underway.has(document.id) }));
    }
    if (!empty) return target.diff(offered);
    return offered.map(({ id, revs }) => ({ id, missing: revs, possibleAncestors: [], known: false }));
  }

  async #fetch({ derived, wanted, ...part }: Part, signal: AbortSignal): Promise<ReadyPart> {
    const { gate, size, source } = this.#context;
    await gate.pass(signal);
    const fetched = await fetchRevisions(source, wanted, size, signal);
    const { revisions, failures } = await this.#pass([...derived, ...fetched.revisions], signal);
    return { ...part, revisions, failures: [...fetched.failures, ...failures] };
  }

  /** What of some revisions is to be stored, the contents of their attachments being here already. */
  async #pass(fetched: readonly RevisionToWrite[], signal: AbortSignal): Promise<Passed> {
    const { passing } = this.#context.settings;
    const { revisions, failures } = pass(fetched, passing);
    const contents = await this.#attachments.bring(revisions, signal);
    const newer = pass(contents.newer, passing);
    return {
      revisions: [...revisions, ...newer.revisions],
      failures: [...failures, ...contents.failures, ...newer.failures],
    };
  }

  async #store(batch: Omit<WriteBatch, 'checkpoint'>, part?: ReadyPart): Promise<void> {
    const { gate, signal, checkpoints, onStored } = this.#context;
    await gate.pass(signal);
    const { revisions, failures = [], replace = [], forget = [] } = batch;
    const isNews = part?.through !== undefined && JSON.stringify(part.through) !== JSON.stringify(this.#through);
    const through = isNews ? part.through : undefined;
    const result = await checkpoints.write({ revisions, failures, replace, forget }, through);
    if (isNews) this.#through = through;
    onStored({
      ...result,
      read: revisions.length,
      failures: failures.map(({ id, rev, attachment, reason }) => {
        return { id, rev, ...(attachment === undefined ? {} : { attachment }), reason };
      }),
      forgotten: forget.map(({ id, rev }) => ({ id, rev })),
      rows: part?.covers.length ?? 0,
      through,
      pending: part?.pending,
      caughtUp: part?.caughtUp ?? false,
    });
  }
}

function readAhead(
  read: (stopped: AbortSignal) => AsyncIterable<RowBatch>,
  signal: AbortSignal,
): AsyncIterable<RowBatch> {
  return orderedMap(read, (batch) => Promise.resolve(batch), { ahead: READ_AHEAD, signal });
}
