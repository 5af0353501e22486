import type { FailedRevision, WriteBatch, WriteResult } from '../replica/target.ts';
import { formatRev } from '../revs/rev.ts';

/** The failures of one pull, for targets that keep no record of them: what a record would say since the pull began. */
export class FailureMemory {
  /** By revision, and then by attachment. */
  readonly #failures = new Map<string, Map<string | undefined, FailedRevision>>();

  get failures(): readonly FailedRevision[] {
    return [...this.#failures.values()].flatMap((failures) => [...failures.values()]);
  }

  /** A batch has been stored. */
  note({ revisions, failures = [], forget = [] }: WriteBatch, { rejected }: WriteResult): void {
    const failed: readonly Omit<FailedRevision, 'attempts'>[] = [...failures, ...rejected];
    if (failed.length === 0 && this.#failures.size === 0) return;
    const before = new Map(this.#failures);
    const isRejected = new Set(rejected.map(({ id, rev }) => nameOf(id, rev)));
    const over = new Set(forget.map(({ id, rev }) => nameOf(id, rev)));
    for (const { id, rev, revisions: path } of revisions) {
      if (isRejected.has(nameOf(id, rev))) continue;
      path.ids.forEach((name, back) => {
        over.add(nameOf(id, formatRev(path.start - back, name)));
      });
    }
    for (const name of over) this.#failures.delete(name);
    for (const { id, rev, attachment, reason } of failed) {
      const name = nameOf(id, rev);
      // What has come all the same has not failed; of its attachments something may be lacking.
      if (attachment === undefined && over.has(name)) continue;
      const known = this.#failures.get(name) ?? new Map<string | undefined, FailedRevision>();
      const attempts = (known.get(attachment)?.attempts ?? before.get(name)?.get(attachment)?.attempts ?? 0) + 1;
      const failure = { id, rev, ...(attachment === undefined ? {} : { attachment }), reason, attempts };
      this.#failures.set(name, known.set(attachment, failure));
    }
  }
}

function nameOf(id: string, rev: string): string {
  return JSON.stringify([id, rev]);
}
