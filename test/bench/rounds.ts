/** What one run of a contestant came to. */
export type Outcome<T> =
  | { readonly type: 'measured'; readonly value: T }
  | { readonly type: 'failed'; readonly reason: string }
  /** It was ended, as its time was up. */
  | { readonly type: 'late' };

/** The rounds of one contestant: outcomes in order, and fewer than there were rounds where its time was up before. */
export type Rounds<T> = readonly Outcome<T>[];

/** How contestants take turns. */
export interface Turns<C, T> {
  readonly contestants: readonly C[];
  readonly rounds: number;
  /** The time that each contestant has for all its rounds, in milliseconds. */
  readonly limit: number;
  /** Runs a contestant, for so many milliseconds at most. */
  readonly run: (contestant: C, limit: number) => Promise<Outcome<T>>;
  /** The time, in milliseconds from anywhere. */
  readonly now: () => number;
}

/**
 * Has every contestant run once in each round, so that what else the machine does falls on all of them. Each round begins
 * with another one. Who has used up its time is out, with the rounds that it has.
 */
export async function takeTurns<C, T>({
  contestants,
  rounds,
  limit,
  run,
  now,
}: Turns<C, T>): Promise<Map<C, Rounds<T>>> {
  const standings = contestants.map((contestant) => ({ contestant, left: limit, outcomes: [] as Outcome<T>[] }));
  for (let round = 0; round < rounds; round += 1) {
    const first = round % standings.length;
    for (const standing of [...standings.slice(first), ...standings.slice(0, first)]) {
      if (standing.left <= 0) continue;
      const begun = now();
      const outcome = await run(standing.contestant, standing.left);
      standing.left = outcome.type === 'late' ? 0 : standing.left - (now() - begun);
      standing.outcomes.push(outcome);
    }
  }
  return new Map(standings.map(({ contestant, outcomes }) => [contestant, outcomes]));
}
