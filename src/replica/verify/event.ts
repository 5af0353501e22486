import type { Key } from '../../kv/kv.ts';
import type { FailedRevision } from '../target.ts';

/**
 * What a problem is about:
 *
 * - `document`: the record of a document cannot be used
 * - `body`: the body of a revision cannot be had, or is no JSON object
 * - `attachments`: the same of the attachment stubs of a revision
 * - `content`: the content of attachments, or a record of it, is not what was written
 * - `sequence`: two documents, or none, can be at this place in the order of local changes
 * - `counter`: what the replica says of itself is not what is there
 * - `checkpoint`, `failure`: such a record cannot be used
 * - `unknown`: a record that couchtide has not written
 * - `source`: the replica is not what its source says
 */
export type VerifyProblemKind =
  | 'document'
  | 'body'
  | 'attachments'
  | 'content'
  | 'sequence'
  | 'counter'
  | 'checkpoint'
  | 'failure'
  | 'unknown'
  | 'source';

/** Something is wrong with the replica. */
export interface VerifyProblem {
  readonly type: 'problem';
  readonly kind: VerifyProblemKind;
  /** What is wrong, a sentence. It quotes nothing that came from the source. */
  readonly message: string;
  /** Of the document. */
  readonly id?: string;
  /** Of the revision. */
  readonly rev?: string;
  /** The key of the record, where no document is to be named. */
  readonly key?: Key;
  /** Leaf revisions that the source has, and the replica has not; with the kind `source`. */
  readonly missing?: readonly string[];
  /** Leaf revisions that the replica has, and the source has not; with the kind `source`. */
  readonly surplus?: readonly string[];
}

/** A revision that no pull could have: on record, and so not a problem of the replica. */
export interface VerifyFailure extends FailedRevision {
  readonly type: 'failed';
}

/** How far it is. */
export interface VerifyProgress {
  readonly type: 'progress';
  /** What is being read: the changes feed of the source, or the replica itself. */
  readonly part: 'source' | 'replica';
  /** Documents that have been looked at in this part. */
  readonly documents: number;
  /** How many there may be, by the replica's own word; undefined where its counter cannot be read. */
  readonly expected: number | undefined;
}

/** What a verification came to: the last event. */
export interface VerifySummary {
  readonly type: 'summary';
  /** Documents that can be read, tombstones among them. */
  readonly documents: number;
  /** Revisions of which there is a body. */
  readonly revisions: number;
  /** Length of their bodies, in bytes. */
  readonly bytes: number;
  readonly problems: number;
  /** Revisions on record as failed. */
  readonly failed: number;
  /** Room that no document uses: what interrupted and superseded writes have left. Undefined where documents cannot be read. */
  readonly reclaimable: { readonly records: number; readonly bytes: number } | undefined;
  /** What the source says; undefined where it was not asked. */
  readonly source:
    | {
        /** Documents that it has, tombstones among them. */
        readonly documents: number;
        /** Documents that are different there, as they have changed after the last pull. */
        readonly newer: number;
      }
    | undefined;
}

/** What a verification tells. */
export type VerifyEvent = VerifyProblem | VerifyFailure | VerifyProgress | VerifySummary;

/** A problem as an event. */
export function problem(
  kind: VerifyProblemKind,
  message: string,
  where: Omit<VerifyProblem, 'type' | 'kind' | 'message'> = {},
): VerifyProblem {
  return { type: 'problem', kind, message, ...where };
}
