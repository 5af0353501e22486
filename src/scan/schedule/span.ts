const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** In milliseconds. */
export const DAY = 24 * HOUR;

const UNITS: ReadonlyMap<string, number> = new Map([
  ...named(SECOND, 's sec second seconds'),
  ...named(MINUTE, 'min minute minutes'),
  ...named(HOUR, 'h hrs hour hours'),
  ...named(DAY, 'd day days'),
  ...named(7 * DAY, 'w week weeks'),
  ...named(30 * DAY, 'mon month months'),
  ...named(365 * DAY, 'y year years'),
]);

function named(ms: number, names: string): [string, number][] {
  return names.split(' ').map((name) => [name, ms]);
}

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
  const ms = UNITS.get(unit);
  return ms === undefined ? undefined : count * ms;
}

/** What {@link spanOf} knows, for messages. */
export const UNIT_NAMES = 's, min, h, d, w, mon or y';
