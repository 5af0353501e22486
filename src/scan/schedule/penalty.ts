/** How long something is left alone after it has failed. All times in milliseconds. */
export interface Penalties {
  /** After the first failure. Default 30,000. */
  readonly min?: number;
  /** At the most. Default 28,800,000, eight hours. */
  readonly max?: number;
  /** What has run for longer before it failed is forgiven its earlier failures. Default 300,000. */
  readonly heal?: number;
}

/** What a failure leads to. */
export interface Penalty {
  /** Failures in a row, this one included. */
  readonly errors: number;
  /** How long to wait before the next try, in milliseconds. */
  readonly delay: number;
}

/**
 * What a failure leads to: a wait that doubles with each failure in a row.
 *
 * @param errors failures in a row before this one
 * @param ran for how long it had run when it failed, in milliseconds
 *
 * @example
 * ```ts
 * penaltyAfter(2, 1000); // { errors: 3, delay: 120_000 }
 * penaltyAfter(2, 400_000); // { errors: 1, delay: 30_000 }
 * ```
 */
export function penaltyAfter(
  errors: number,
  ran: number,
  { min = 30_000, max = 28_800_000, heal = 300_000 }: Penalties = {},
): Penalty {
  const counted = ran > heal ? 1 : errors + 1;
  return { errors: counted, delay: Math.min(max, min * 2 ** (counted - 1)) };
}
