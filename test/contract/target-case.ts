import type { Target } from '../../src/replica/target.ts';
import type { Candidate, ContractCase } from './suite.ts';

/** A target, empty at first, and what a case may do with it. */
export interface TargetSubject {
  /** Opens the target. Several may be open at once; all have the same data. They need not be closed. */
  open(): Promise<Target>;
  /** The leaf revisions of a document, in any order; none of an unknown one. */
  leaves(id: string): Promise<readonly string[]>;
  /** The JSON text of a stored revision with `_id`, `_rev` and its own members; undefined where there is none. */
  text(id: string, rev: string): Promise<string | undefined>;
  /** The content of an attachment as it was written; undefined where it is not here, or not whole. */
  content?(digest: string): Promise<Uint8Array | undefined>;
  /** Makes the store under the target fail, or work again. */
  fail?(failure: Failure | undefined): void;
}

/** How a store fails. */
export interface Failure {
  /** So many commits still succeed. */
  readonly after: number;
  /** What is lost of the next ones: the whole commit, or the answer alone. */
  readonly loses: 'commit' | 'answer';
}

/**
 * What not every target does: name possible ancestors (`ancestors`), forget leaves that the source has no more (`replaces`),
 * keep checkpoints, also together with the documents (`atomic`), keep a record of failures, take the content of
 * attachments, also in several goes (`resumes`); and what not every one lets a test do: make its store fail (`breakable`).
 */
export type TargetTrait =
  | 'ancestors'
  | 'replaces'
  | 'checkpoints'
  | 'atomic'
  | 'failures'
  | 'content'
  | 'resumes'
  | 'breakable';

/** One point of the target contract. */
export type TargetCase = ContractCase<TargetSubject, TargetTrait>;

/** A target to run the suite on. */
export type TargetCandidate = Candidate<TargetSubject, TargetTrait>;
