import { ProtocolError } from '../core/errors.ts';
import type { RevisionResult, RevisionsRow } from './revisions-row.ts';

/** Revisions of a document that are wanted: the named ones, or every leaf, deleted ones too. */
export interface WantedRevisions {
  readonly id: string;
  readonly revs?: readonly string[];
}

/** One entry of a request to `_bulk_get`. */
export interface Entry {
  readonly id: string;
  readonly rev?: string;
}

/**
 * What has been asked and not yet answered. Servers differ in how they order and group their results, so an answer is
 * matched by id and revision, never by its place.
 */
export class Outstanding {
  /** The revisions asked by name. */
  readonly #named = new Map<string, Set<string>>();
  /** The documents all leaves of which were asked. */
  readonly #leaves = new Set<string>();
  /** What a server said of a document without saying of which revision. */
  readonly #complaints = new Map<string, { error: string; reason: string }>();

  constructor(wanted: readonly WantedRevisions[]) {
    for (const { id, revs } of wanted) {
      if (revs === undefined) this.#leaves.add(id);
      else if (revs.length > 0) this.#named.set(id, new Set([...(this.#named.get(id) ?? []), ...revs]));
    }
  }

  /** What is left, document by document. */
  wanted(): WantedRevisions[] {
    const named = [...this.#named].map(([id, revs]) => ({ id, revs: [...revs] }));
    return [...[...this.#leaves].map((id) => ({ id })), ...named.filter(({ revs }) => revs.length > 0)];
  }

  /** The same, revision by revision. */
  entries(): Entry[] {
    return this.wanted().flatMap(({ id, revs }): Entry[] => revs?.map((rev) => ({ id, rev })) ?? [{ id }]);
  }

  /**
   * The results of some rows of the answer that somebody waits for.
   *
   * @throws ProtocolError when a row is of a document that was not asked for; nothing is taken then, so that all of it is
   *   asked for again
   */
  take(rows: readonly RevisionsRow[]): RevisionResult[] {
    for (const { id } of rows) {
      if (this.#named.has(id) || this.#leaves.has(id)) continue;
      throw new ProtocolError(
        `The answer to _bulk_get holds a document that was not asked for: ${JSON.stringify(id)}`,
        true,
      );
    }
    return rows.flatMap((row) => this.#takeRow(row));
  }

  /** What a complete answer has left out, which is how some servers say that they do not have it. */
  rest(): RevisionResult[] {
    const results: RevisionResult[] = [...this.#leaves].map((id) => ({ id, rev: undefined, missing: true }));
    for (const [id, revs] of this.#named) {
      const error = this.#complaints.get(id);
      for (const rev of revs) results.push(error === undefined ? { id, rev, missing: true } : { id, rev, error });
    }
    return results;
  }

  #takeRow({ id, results }: RevisionsRow): RevisionResult[] {
    const revs = this.#named.get(id);
    const allLeaves = this.#leaves.delete(id);
    return results.filter((result) => {
      if (result.rev !== undefined && revs?.delete(result.rev)) return true;
      if ('error' in result && result.rev === undefined) this.#complaints.set(id, result.error);
      return allLeaves;
    });
  }
}
