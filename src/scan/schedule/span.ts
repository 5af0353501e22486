/** In milliseconds. */
export const DAY = 86_400_000;

const UNITS: readonly { readonly ms: number; readonly names: readonly string[] }[] = [
  { ms: 1000, names: ['s', 'sec', 'second', 'seconds'] },
  { ms: 60_000, names: ['min', 'minute', 'minutes'] },
  { ms: 3_600_000, names: ['h', 'hrs', 'hour', 'hours'] },
  { ms: 86_400_000, names: ['d', 'day', 'days'] },
  { ms: 604_800_000, names: ['w', 'week', 'weeks'] },
  { ms: 2_592_000_000, names: ['mon', 'month', 'months'] },
  { ms: 31_536_000_000, names: ['y', 'year', 'years'] },
];

/** A number with a unit, such as `2_hours`: their parts, in lower case. Undefined for anything else. */
export function parseAmount(text: string): { readonly count: number; readonly unit: string } | undefined {
  const [, count, unit] = /^\+?(\d+)_([a-z]+)$/.exec(text.toLowerCase()) ?? [];
  return count === undefined || unit === undefined ? undefined : { count: Number(count), unit };
}

/**
 * How long a number of units is, in milliseconds: a month has 30 days, a year 365. Undefined for an unknown unit.
 *
 * @param unit a unit's name, such as `s`, `min`, `hours`, `d`, `week`, `months` or `y`
 */
export function spanOf({ count, unit }: { readonly count: number; readonly unit: string }): number | undefined {
  const known = UNITS.find(({ names }) => names.includes(unit));
  return known === undefined ? undefined : count * known.ms;
}

/** What {@link spanOf} knows, for messages. */
export const UNIT_NAMES = 's, min, h, d, w, mon or y';
