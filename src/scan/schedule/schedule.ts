import { parseAfter } from './after.ts';
import { drawJitter, parseJitter } from './jitter.ts';
import { parseRepeat } from './repeat.ts';
import { DAY } from './span.ts';

/** When something is to run, in words. */
export interface Schedule {
  /** Not before: a date and time, or `restart`, the default. Dates are in UTC: `2030-01-31`, `2030-01-31T18:05`, with a zone as in RFC 3339, or seconds since 1970. */
  readonly after?: string | undefined;
  /** How often: a period or a day of the week, or `restart`, the default: once. Such as `12_hours`, `1_day`, `2_weeks`, `monday`. */
  readonly repeat?: string | undefined;
  /** How much later at the most, so that not all that repeats alike begins in the same second. Default `10_percent`; also a period, such as `5_min`. */
  readonly jitter?: string | undefined;
}

/** What decides when the next run is. All times in milliseconds since 1970. */
export interface ScheduleMoment {
  readonly now: number;
  /** When the last run began; undefined when there was none. */
  readonly lastStart: number | undefined;
  /** When the scheduler began, for what runs once with each. */
  readonly schedulerStart: number;
  /** A number from 0 up to, not including, 1, to draw the jitter by. */
  readonly random: number;
}

/**
 * Checks a schedule.
 *
 * @throws InputError naming the option, and what it may be
 */
export function checkSchedule({ after = 'restart', repeat = 'restart', jitter = '10_percent' }: Schedule): void {
  parseAfter(after);
  parseRepeat(repeat);
  parseJitter(jitter, DAY);
}

/**
 * When something is to run next. Periods go from start to start, so what takes longer than its period runs again at once; jitter is
 * added to them. Who keeps the answer has drawn the jitter once; a second call may give another time.
 *
 * | `after` | `repeat` | next run |
 * |---|---|---|
 * | – | – | now, once with each scheduler |
 * | a time | – | then, once for ever |
 * | – | a period | a period after the last start, at once where there was none |
 * | a time | a period | the same, but not before that time |
 * | – or a time | a weekday | on the next such day in UTC that is later than the last start and not before that time; today if it is one |
 *
 * @returns milliseconds since 1970, never before `now`; undefined for never
 * @throws InputError for a schedule that cannot be read
 *
 * @example
 * ```ts
 * const moment = { now: Date.UTC(2024, 4, 31, 16), lastStart: undefined, schedulerStart: 0, random: 0 };
 * nextRun({ repeat: 'saturday' }, moment); // Saturday, the first of June, one second past midnight
 * ```
 */
export function nextRun(
  { after = 'restart', repeat = 'restart', jitter = '10_percent' }: Schedule,
  { now, lastStart, schedulerStart, random }: ScheduleMoment,
): number | undefined {
  const earliest = parseAfter(after);
  const repetition = parseRepeat(repeat);
  const delay = (period: number): number => drawJitter(parseJitter(jitter, period), random);
  const from = Math.max(now, earliest ?? 0);
  if (repetition === undefined) {
    return lastStart !== undefined && lastStart >= (earliest ?? schedulerStart) ? undefined : from;
  }
  if ('weekday' in repetition) {
    const day = nextWeekday(repetition.weekday, from, lastStart);
    // Jitter does not lead out of the day.
    return Math.max(from, day + delay(DAY - 1000));
  }
  return lastStart === undefined ? from : Math.max(from, lastStart + repetition.period + delay(repetition.period));
}

/** The midnight, in UTC, at which the first such day begins that is not over and, as far as it is known, later than the last start. */
function nextWeekday(weekday: number, from: number, lastStart: number | undefined): number {
  const today = from - (from % DAY);
  // The first of January 1970 was a Thursday.
  const weekdayOfToday = ((today / DAY + 3) % 7) + 1;
  const day = today + ((weekday - weekdayOfToday + 7) % 7) * DAY;
  return lastStart !== undefined && lastStart >= day ? day + 7 * DAY : day;
}
