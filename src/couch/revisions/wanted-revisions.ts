import { ProtocolError } from '../../core/errors.ts';
import type { FetchedRevision, RevisionResult, RevisionsRow } from './revisions-row.ts';

/** Revisions of a document that are wanted: the named ones, or every leaf, deleted ones too. */
export interface WantedRevisions {
  readonly id: string;
  readonly revs?: readonly string[];
  /**
   * Whether the named ones were all the leaves when the changes feed told of them. The document is then asked for by its id
   * first, which costs the server one look instead of one for each; leaves that it has got meanwhile come along.
   */
  readonly areLeaves?: boolean;
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
  /** The documents of which all leaves are asked first, in the place of the named ones. */
  readonly #byId = new Set<string>();
  #asksById = false;
  /** What the server said in the place of named revisions: of one, or of the document without saying of which. */
  readonly #instead = new Map<string, Map<string | undefined, Exclude<RevisionResult, FetchedRevision>>>();

  constructor(wanted: readonly WantedRevisions[]) {
    for (const { id, revs, areLeaves } of wanted) {
      if (revs === undefined) this.#leaves.add(id);
      else if (revs.length > 0) {
        this.#named.set(id, new Set([...(this.#named.get(id) ?? []), ...revs]));
        if (areLeaves) this.#byId.add(id);
      }
    }
    this.#asksById = this.#byId.size > 0;
  }

  /** Whether revisions have not come that were asked by name. */
  get isLacking(): boolean {
    return [...this.#named.values()].some(({ size }) => size > 0);
  }

  /** Asks for everything by name from now on; whether that is something new. */
  nameAll(): boolean {
    const isNew = this.#asksById;
    this.#asksById = false;
    this.#byId.clear();
    return isNew;
  }

  /** What is left, document by document. */
  wanted(): WantedRevisions[] {
    const named = [...this.#named].map(([id, revs]) => ({ id, revs: [...revs] }));
    return [...[...this.#leaves].map((id) => ({ id })), ...named.filter(({ revs }) => revs.length > 0)];
  }

  /** The same, revision by revision. */
  entries(): Entry[] {
    return this.wanted().flatMap(({ id, revs }): Entry[] =>
      revs === undefined || this.#byId.has(id) ? [{ id }] : revs.map((rev) => ({ id, rev })),
    );
  }

  /**
   * The results of some rows of the answer that somebody waits for; a named revision stays outstanding until it comes.
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

  /**
   * What has become of everything that did not come, when it is not asked for again. Leaving something out is how some
   * servers say that they do not have it.
   */
  rest(): RevisionResult[] {
    const results: RevisionResult[] = [...this.#leaves].map((id) => ({ id, rev: undefined, missing: true }));
    for (const [id, revs] of this.#named) {
      const said = this.#instead.get(id);
      for (const rev of revs)
        results.push({ ...(said?.get(rev) ?? said?.get(undefined) ?? { id, missing: true }), rev });
    }
    return results;
  }

  #takeRow({ id, results }: RevisionsRow): RevisionResult[] {
    const revs = this.#named.get(id);
    const allLeaves = this.#leaves.delete(id);
    // What its leaves lack is asked for by name.
    const isById = this.#byId.delete(id);
    return results.filter((result) => {
      const { rev } = result;
      if ('text' in result) return revs?.delete(result.rev) || allLeaves || isById;
      if (allLeaves) return true;
      if (isById) return false;
      if (rev === undefined || revs?.has(rev))
        this.#instead.set(id, (this.#instead.get(id) ?? new Map()).set(rev, result));
      return false;
    });
  }
}
