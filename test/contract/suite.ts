/**
 * What a contract suite is made of. Suites know no test framework: they run wherever the thing under test runs, also in a
 * browser's page and in a worker.
 *
 * @module
 */

/** One point of a contract. It fails by throwing. */
export interface ContractCase<Subject, Trait extends string> {
  /** Completes a sentence that begins with the name of the thing under test. */
  readonly name: string;
  /** What not every subject can do, and this point is about. */
  readonly needs?: Trait | readonly Trait[];
  run(subject: Subject): Promise<void>;
}

/** Something to run a suite on. */
export interface Candidate<Subject, Trait extends string> {
  /** What it can do of what not every one can. The points of the suite about anything else do not concern it. */
  readonly traits: readonly Trait[];
  /** A subject for one case, used by nobody else and empty. */
  create(): Promise<Created<Subject>>;
}

/** A subject, and how to get rid of it and all that belongs to it. */
export interface Created<Subject> {
  readonly subject: Subject;
  dispose(): Promise<void>;
}

/** A case that only needs to be run. */
export interface BoundCase {
  readonly name: string;
  /** Milliseconds after which it is taken to hang; a minute by default. */
  readonly limit?: number;
  run(): Promise<void>;
}

/** The cases of a suite that concern a candidate, each with a subject of its own. */
export function bindCases<Subject, Trait extends string>(
  cases: readonly ContractCase<Subject, Trait>[],
  candidate: Candidate<Subject, Trait>,
): BoundCase[] {
  return cases
    .filter(({ needs = [] }) =>
      (typeof needs === 'string' ? [needs] : needs).every((trait) => candidate.traits.includes(trait)),
    )
    .map(({ name, run }) => ({
      name,
      async run() {
        const { subject, dispose } = await candidate.create();
        try {
          await run(subject);
        } finally {
          await dispose();
        }
      },
    }));
}
