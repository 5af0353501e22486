import { winner } from '../../revs/winner.ts';
import type { Counter } from '../counter.ts';
import type { InspectedDocument, StorageUse } from '../storage.ts';
import { problem, type VerifyProblem, type VerifySummary } from './event.ts';

/** Counts what a verification finds, to be held against what the replica says of itself. */
export class VerifyTally {
  #docs = 0;
  #tombstones = 0;
  #revisions = 0;
  #bytes = 0;
  /** The newest document: where it stands in the order of local changes. */
  #newest: { readonly seq: number; readonly id?: string } = { seq: 0 };
  #use: StorageUse | undefined;
  /** Whether every document, and the attachments and bodies of every revision, could be counted. */
  #countsDocuments = true;
  #countsAttachments = true;
  #countsBodies = true;
  /** Attachments whose content is not here. */
  attachmentsMissing = 0;
  problems = 0;
  failures = 0;
  source: VerifySummary['source'];

  get documents(): number {
    return this.#docs + this.#tombstones;
  }

  /**
   * @param problems what is wrong with it
   */
  addDocument({ head, bodies }: InspectedDocument, problems: readonly VerifyProblem[]): void {
    if (winner(head.tree)?.deleted === true) this.#tombstones += 1;
    else this.#docs += 1;
    for (const body of bodies) {
      if (!('text' in body)) continue;
      this.#revisions += 1;
      this.#bytes += body.bytes;
    }
    if (problems.length > 0) this.#countsBodies = false;
    if (problems.some(({ kind }) => kind === 'attachments')) this.#countsAttachments = false;
    if (head.seq > this.#newest.seq) this.#newest = head;
  }

  /** A document that cannot be read: what it would have counted for is not known. */
  addUnreadable(): void {
    this.#countsDocuments = false;
  }

  /** Whether the attachments of every revision could be counted. */
  get countsAttachments(): boolean {
    return this.#countsDocuments && this.#countsAttachments;
  }

  set use(use: StorageUse) {
    this.#use = use;
  }

  /** In what the counter of the replica differs from what was found. */
  compare(counter: Counter): VerifyProblem[] {
    const problems: VerifyProblem[] = [];
    const check = (what: string, said: number, found: number): void => {
      if (said === found) return;
      problems.push(problem('counter', `The replica counts ${said} ${what}, and ${found} are there`));
    };
    if (this.#countsDocuments) {
      check('documents', counter.docCount, this.#docs);
      check('tombstones', counter.docDelCount, this.#tombstones);
    }
    if (this.countsAttachments) check('attachments to fetch', counter.attachmentsMissing, this.attachmentsMissing);
    check('failed revisions', counter.failures, this.failures);
    const { seq, id } = this.#newest;
    // Every change takes the next number, and a document keeps that of its last: the highest is always in use.
    if (seq > counter.seq || (this.#countsDocuments && seq < counter.seq)) {
      const message = `The replica counts ${counter.seq} changes, and the newest document is of change ${seq}`;
      problems.push(problem('counter', message, id === undefined ? {} : { id }));
    }
    const { bytes, sequenced } = this.#use ?? {};
    if (bytes !== undefined && this.#countsBodies)
      check('bytes of bodies in use', counter.bodyBytes - counter.deadBytes, bytes);
    if (sequenced !== undefined) check('changes in their order', counter.sequenced, sequenced);
    if (this.#use !== undefined && this.#use.next > counter.next) {
      const message = `The replica has used numbers below ${counter.next}, and ${this.#use.next - 1} is in use`;
      problems.push(problem('counter', message));
    }
    return problems;
  }

  summary(): VerifySummary {
    return {
      type: 'summary',
      documents: this.documents,
      revisions: this.#revisions,
      bytes: this.#bytes,
      problems: this.problems,
      failed: this.failures,
      reclaimable: this.#use?.reclaimable,
      source: this.source,
    };
  }
}
