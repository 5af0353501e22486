import {
  ClosedError,
  type MissingRevisions,
  type OfferedRevisions,
  type RevisionToWrite,
  type Target,
  type TargetState,
  type WriteBatch,
  type WriteResult,
} from '../../src/index.ts';

/** A revision that the application knows: by name alone, or with its content. */
export interface TinyRevision {
  readonly parent: string | undefined;
  readonly content?: RevisionToWrite;
}

/** What the application keeps, and where several targets may be open. */
export class TinyData {
  readonly uuid = crypto.randomUUID();
  /** The revisions of each document by their names. */
  readonly documents = new Map<string, Map<string, TinyRevision>>();
}

/** Documents in plain maps, and no more than a target must have. Each revision knows its parent: that is the whole tree. */
export class TinyTarget<Data extends TinyData = TinyData> implements Target {
  readonly #data: Data;
  #closed: { readonly reason: unknown } | undefined;

  constructor(data: Data) {
    this.#data = data;
  }

  async open(): Promise<TargetState> {
    const { uuid, documents } = this.data();
    return { uuid, empty: documents.size === 0 };
  }

  async diff(offered: readonly OfferedRevisions[]): Promise<readonly MissingRevisions[]> {
    const { documents } = this.data();
    return offered.flatMap(({ id, revs }) => {
      const missing = [...new Set(revs)].filter((rev) => !documents.get(id)?.has(rev));
      return missing.length === 0 ? [] : [{ id, missing, known: documents.has(id) }];
    });
  }

  // Nothing is awaited while a batch is written, so nobody sees a part of it.
  async writeBatch({ revisions }: WriteBatch): Promise<WriteResult> {
    const { documents } = this.data();
    const rejected: { id: string; rev: string; reason: string }[] = [];
    let written = 0;
    for (const content of revisions) {
      const { id, rev, revisions: path } = content;
      const revs = path.ids.map((name, back) => `${path.start - back}-${name}`);
      if (revs[0] !== rev) {
        rejected.push({ id, rev, reason: 'Its ancestry does not lead to it' });
        continue;
      }
      const known = documents.get(id) ?? new Map<string, TinyRevision>();
      documents.set(id, known);
      if (!known.has(rev)) {
        known.set(rev, { parent: undefined, content });
        written += 1;
      }
      for (const [at, name] of revs.entries()) {
        known.set(name, { ...known.get(name), parent: known.get(name)?.parent ?? revs[at + 1] });
      }
    }
    return { written, rejected };
  }

  async close(reason?: unknown): Promise<void> {
    this.#closed ??= { reason };
  }

  /** @throws ClosedError once the target is closed */
  protected data(): Data {
    if (this.#closed !== undefined) throw new ClosedError('The target is closed', { cause: this.#closed.reason });
    return this.#data;
  }
}

/** The revisions of a document that are nobody's parent. */
export function leavesOf({ documents }: TinyData, id: string): string[] {
  const revisions = documents.get(id) ?? new Map<string, TinyRevision>();
  const parents = new Set([...revisions.values()].map(({ parent }) => parent));
  return [...revisions.keys()].filter((rev) => !parents.has(rev));
}
