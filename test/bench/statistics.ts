/** Several measurements of one thing. */
export interface Summary {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** @returns undefined for no measurements */
export function summarize(values: readonly number[]): Summary | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  const low = sorted[(sorted.length - 1) >> 1];
  const high = sorted[sorted.length >> 1];
  const [least] = sorted;
  const most = sorted.at(-1);
  if (low === undefined || high === undefined || least === undefined || most === undefined) return undefined;
  return { median: (low + high) / 2, least, most };
}

/**
 * Each measurement divided by the other of the same round, where the round has both. Two that were taken one right after the
 * other share what else the machine did, so their ratio says more than that of two medians.
 */
export function ratios(values: readonly (number | undefined)[], others: readonly (number | undefined)[]): number[] {
  return values.flatMap((value, round) => {
    const other = others[round];
    return value === undefined || other === undefined ? [] : [value / other];
  });
}
