import type { FailedRevision, WriteBatch, WriteResult } from '../replica/target.ts';
import { formatRev } from '../revs/rev.ts';

/** The failures of one pull, for targets that keep no record of them: what a record would say since the pull began. */
export class FailureMemory {
  readonly #failures = new Map<string, FailedRevision>();

  get failures(): readonly FailedRevision[] {
    return [...this.#failures.values()];
  }

  /** A batch has been stored. */
  note({ revisions, failures = [], forget = [] }: WriteBatch, { rejected }: WriteResult): void {
    for (const { id, rev, reason } of [...failures, ...rejected]) {
      const name = nameOf(id, rev);
      const attempts = (this.#failures.get(name)?.attempts ?? 0) + 1;
      this.#failures.set(name, { id, rev, reason, attempts });
    }
    if (this.#failures.size === 0) return;
    for (const { id, rev } of forget) this.#failures.delete(nameOf(id, rev));
    const isRejected = new Set(rejected.map(({ id, rev }) => nameOf(id, rev)));
    for (const { id, rev, revisions: path } of revisions) {
      if (isRejected.has(nameOf(id, rev))) continue;
      path.ids.forEach((name, back) => {
        this.#failures.delete(nameOf(id, formatRev(path.start - back, name)));
      });
    }
  }
}

function nameOf(id: string, rev: string): string {
  return JSON.stringify([id, rev]);
}
