import { InputError } from '../../core/errors.ts';

const FORMS =
  '"restart", a date like 2026-01-31, with a time like T18, T18:05 or T18:05:00Z, or seconds since 1970 (7 digits at least)';

/** Year, month, day, and as much of the time as there is, the zone only behind all of it. */
const DATE = /^(\d{4}-\d\d-\d\d)(?:T(\d\d)(?::(\d\d)(?::(\d\d)(?:\.\d+)?(Z|[+-]\d\d:\d\d)?)?)?)?$/;

/**
 * Reads the earliest time of a schedule, in upper or lower case: a date, with as much of a time of day as is wanted, in UTC unless a
 * zone is given (RFC 3339, fractions of a second left out), or seconds since 1970.
 *
 * @returns milliseconds since 1970; undefined for `restart`, which is no time at all
 * @throws InputError for anything else, also for days that no month has and times before 1970
 */
export function parseAfter(text: string): number | undefined {
  const upper = text.toUpperCase();
  if (upper === 'RESTART') return undefined;
  const time = /^\d{7,}$/.test(text) ? Number(text) * 1000 : timeOf(upper);
  if (time !== undefined && time >= 0 && Number.isSafeInteger(time)) return time;
  throw new InputError(`Option after of a schedule must be ${FORMS}, not ${JSON.stringify(text)}`);
}

function timeOf(text: string): number | undefined {
  const [, date, hour = '00', minute = '00', second = '00', zone = 'Z'] = DATE.exec(text) ?? [];
  const local = `${date}T${hour}:${minute}:${second}`;
  const time = Date.parse(`${local}Z`);
  // A day that its month does not have is taken for one of the next.
  if (Number.isNaN(time) || !new Date(time).toISOString().startsWith(local)) return undefined;
  const zoned = Date.parse(`${local}${zone}`);
  return Number.isNaN(zoned) ? undefined : zoned;
}
