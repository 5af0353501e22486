import type { Target } from '../../src/replica/target.ts';
import type { Candidate, ContractCase } from './suite.ts';

/** A target, empty at first, and what a case may do with it. */
export interface TargetSubject {
  /** Opens the target. Several may be open at once; all have the same data. They need not be closed. */
  open(): Promise<Target>;
  /** The JSON text of a stored revision with `_id`, `_rev` and its own members; undefined where there is none. */
  text(id: string, rev: string): Promise<string | undefined>;
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

/** What not every target lets one do: `breakable` ones can be made to fail. */
export type TargetTrait = 'breakable';

/** One point of the target contract. */
export type TargetCase = ContractCase<TargetSubject, TargetTrait>;

/** A target to run the suite on. */
export type TargetCandidate = Candidate<TargetSubject, TargetTrait>;
