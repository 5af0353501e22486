import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseAfter } from '../../../src/scan/schedule/after.ts';
import { drawJitter, parseJitter } from '../../../src/scan/schedule/jitter.ts';
import { parseRepeat } from '../../../src/scan/schedule/repeat.ts';
import { checkSchedule, nextRun, type Schedule, type ScheduleMoment } from '../../../src/scan/schedule/schedule.ts';

const SECOND = 1000;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const WEEK = 7 * DAY;

describe('parseAfter', () => {
  test.each([
    ['restart', undefined],
    ['ReStart', undefined],
    ['0000000', 0],
    ['10000000', 10_000_000],
    ['1712338014', 1_712_338_014],
    ['1970-01-01T00:00:00', 0],
    ['1970-01-01T00:00:00Z', 0],
    ['1970-01-01t00:00:00z', 0],
    ['1970-01-01T00:00', 0],
    ['1970-01-01T00', 0],
    ['1970-01-01', 0],
    ['1970-01-01T00:00:01', 1],
    ['1970-01-01T00:00:01Z', 1],
    ['1970-01-01T00:00:01.9Z', 1],
    ['1970-01-01T00:00:01.9', 1],
    ['1970-01-01T02:00:00+02:00', 0],
    ['2024-02-29', 1_709_164_800],
    ['2026-01-31T18:05:00-00:30', 1_769_884_500],
  ])('reads %s', (text, seconds) => {
    expect(parseAfter(text)).toBe(seconds === undefined ? undefined : seconds * SECOND);
  });

  test.each([
    'x',
    '',
    '-0000001',
    'foobarbaz10',
    '999999',
    '2026-02-30',
    '2023-02-29',
    '2026-13-01',
    '2026-01-31 18:05:00',
    '2026-01-31T24',
    '2026-01-31T18:60',
    '2026-01-31T18:05Z',
    '2026-01-31T18:05:00+25:00',
    '1969-12-31',
    '1970-01-01T00:00:00+01:00',
    '99999999999999999999',
  ])('says what is legal instead of %j', (text) => {
    expect(() => parseAfter(text)).toThrow(
      expect.objectContaining({
        name: 'InputError',
        message: expect.stringMatching(/^Option after .* "restart", a date like 2026-01-31/),
      }),
    );
  });
});

describe('parseRepeat', () => {
  test.each([
    ['mon', 1],
    ['Monday', 1],
    ['tuesday', 2],
    ['tues', 2],
    ['wed', 3],
    ['weds.', 3],
    ['thurs.', 4],
    ['Thursdays', 4],
    ['Fri', 5],
    ['sAt', 6],
    ['sundays', 7],
  ])('takes %s for a day', (text, weekday) => {
    expect(parseRepeat(text)).toEqual({ weekday });
  });

  test.each([
    ['1_sec', 1],
    ['1_s', 1],
    ['1_second', 1],
    ['2_sec', 2],
    ['3_Seconds', 3],
    ['+5_sec', 5],
    ['1_min', 60],
    ['1_minute', 60],
    ['2_minutes', 120],
    ['1_hour', 3600],
    ['3_hours', 10_800],
    ['2_h', 7200],
    ['2_hrs', 7200],
    ['1_day', 86_400],
    ['1_week', 604_800],
    ['2_weeks', 1_209_600],
    ['1_month', 2_592_000],
    ['1_mon', 2_592_000],
    ['2_months', 5_184_000],
    ['1_year', 31_536_000],
    ['2_year', 63_072_000],
  ])('takes %s for a period', (text, seconds) => {
    expect(parseRepeat(text)).toEqual({ period: seconds * SECOND });
  });

  test('takes restart for none', () => {
    expect(parseRepeat('ReStarT')).toBeUndefined();
  });

  // D6: the original takes the first two for Monday, and all the others silently for none.
  test.each([
    'month',
    'monthly',
    'foo',
    '',
    'mo',
    's',
    '1_ms',
    '1_x',
    '1_m',
    '1_hr',
    '1_mins',
    '0_sec',
    '-1_sec',
    '1.5_hours',
    ' 1_sec',
    '1_sec_2',
    '99999999999999_years',
  ])('says what is legal instead of %j', (text) => {
    expect(() => parseRepeat(text)).toThrow(
      expect.objectContaining({ name: 'InputError', message: expect.stringContaining('a period like 2_hours') }),
    );
  });
});

describe('parseJitter', () => {
  test.each([
    ['0_percent', 1, 1],
    ['50_percent', 1, 1],
    ['100_percent', 1, 1],
    ['99999999999999999999_percent', 1, 1],
    ['1_sec', 1, 1],
    ['2_sec', 1, 1],
    ['2_sec', 2, 2],
    ['2_sec', 3, 2],
    ['50_percent', 100, 50],
    ['49_percent', 5, 2],
    ['100_percent', 100, 100],
    ['99999999999999999999_percent', 100, 100],
    ['99999999999999999999_years', 100, 100],
    ['10_Percent', 3600, 360],
    ['0_sec', 100, 1],
  ])('limits %s of a period of %d s to %d s', (text, period, most) => {
    expect(parseJitter(text, period * SECOND)).toBe(most * SECOND);
  });

  test.each(['foo', '', '_', '1_', '_percent', '1', 'X_percent', 'Z_seconds', '1_percent_years', '-5_percent'])(
    'says what is legal instead of %j',
    (text) => {
      expect(() => parseJitter(text, SECOND)).toThrow(
        expect.objectContaining({ name: 'InputError', message: expect.stringContaining('like 10_percent') }),
      );
    },
  );

  test('is drawn in whole seconds, from one up to all of it', () => {
    expect([0, 0.25, 0.5, 0.999].map((random) => drawJitter(4 * SECOND, random))).toEqual([1000, 2000, 3000, 4000]);
  });
});

describe('nextRun', () => {
  const now = Date.UTC(2024, 4, 31, 16, 8, 37); // a Friday
  const midnight = Date.UTC(2024, 4, 31);
  const moment: ScheduleMoment = { now, lastStart: undefined, schedulerStart: now - HOUR, random: 0 };

  test.each<[string, Schedule, Partial<ScheduleMoment>, number | undefined]>([
    ['nothing said: at once', {}, {}, now],
    ['nothing said, run by an earlier scheduler: at once', {}, { lastStart: now - 2 * HOUR }, now],
    ['nothing said, run by this scheduler: never', {}, { lastStart: now - HOUR }, undefined],
    ['a time ahead: then', { after: '2024-06-02' }, {}, midnight + 2 * DAY],
    ['a time gone by: at once', { after: '2024-05-01' }, {}, now],
    ['a time gone by, run before it: at once', { after: '2024-05-01' }, { lastStart: Date.UTC(2024, 3, 30) }, now],
    ['a time gone by, run since: never', { after: '2024-05-01' }, { lastStart: Date.UTC(2024, 4, 1) }, undefined],
    ['a period, never run: at once', { repeat: '1_day' }, {}, now],
    [
      'a period, run an hour ago: a period after that start, and jitter',
      { repeat: '1_day' },
      { lastStart: now - HOUR },
      now + 23 * HOUR + SECOND,
    ],
    ['a period that is over: at once', { repeat: '1_hour' }, { lastStart: now - 2 * HOUR }, now],
    ['a period, not before a time', { repeat: '1_hour', after: '2024-06-02' }, { lastStart: now }, midnight + 2 * DAY],
    ['a period, the time gone by', { repeat: '1_hour', after: '2024-05-02' }, { lastStart: now }, now + HOUR + SECOND],
    [
      'jitter: a tenth of the period, if all of it is drawn',
      { repeat: '1_hour' },
      { lastStart: now, random: 0.9999 },
      now + 1.1 * HOUR,
    ],
    [
      'jitter of its own',
      { repeat: '1_hour', jitter: '5_min' },
      { lastStart: now, random: 0.9999 },
      now + HOUR + 300 * SECOND,
    ],
    ['D2: today is the day, last run a month ago: at once', { repeat: 'friday' }, { lastStart: now - 4 * WEEK }, now],
    [
      'today is the day, and it has run: next week',
      { repeat: 'friday' },
      { lastStart: now - SECOND },
      midnight + WEEK + SECOND,
    ],
    [
      'D5: today is the day, run just after midnight: next week',
      { repeat: 'friday' },
      { lastStart: midnight },
      midnight + WEEK + SECOND,
    ],
    ['D5: today is the day, run just before midnight: at once', { repeat: 'friday' }, { lastStart: midnight - 1 }, now],
    [
      'tomorrow is the day, with an old run',
      { repeat: 'saturday' },
      { lastStart: now - 4 * WEEK },
      midnight + DAY + SECOND,
    ],
    [
      'D3: Monday is three days after Friday, not four',
      { repeat: 'monday' },
      { lastStart: now - DAY },
      midnight + 3 * DAY + SECOND,
    ],
    ['D4: never run, and not the day: not at once', { repeat: 'wed' }, {}, midnight + 5 * DAY + SECOND],
    ['D4: never run, and the day: at once', { repeat: 'fri' }, {}, now],
    [
      'a weekday, not before a time on another day',
      { repeat: 'fri', after: '2024-06-05T12' },
      {},
      midnight + WEEK + SECOND,
    ],
    [
      'a weekday, not before a time on that day',
      { repeat: 'fri', after: '2024-06-07T12' },
      {},
      midnight + WEEK + 12 * HOUR,
    ],
    [
      'a weekday, its jitter stays within the day',
      { repeat: 'sat', jitter: '3_weeks' },
      { random: 0.999999 },
      midnight + 2 * DAY - SECOND,
    ],
  ])('%s', (_what, schedule, change, expected) => {
    expect(nextRun(schedule, { ...moment, ...change })).toBe(expected);
  });

  test('D7: has no dice of its own, so whoever keeps the draw comes to the same time', () => {
    const drawn = { ...moment, lastStart: now, random: 0.3 };
    const at = now + 10 * HOUR + 1081 * SECOND;
    for (const later of [now, now + HOUR, at])
      expect(nextRun({ repeat: '10_hours' }, { ...drawn, now: later })).toBe(at);
  });

  test('on a weekday is on that weekday, once a day, whenever it is asked for', () => {
    const day = fc.constantFrom('mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun');
    const time = fc.integer({ min: 0, max: 4_000_000_000_000 });
    const property = fc.property(
      day,
      time,
      fc.option(time),
      fc.double({ min: 0, max: 0.9999, noNaN: true }),
      (repeat, at, last, random) => {
        const lastStart = last === null ? undefined : Math.min(last, at);
        const next = nextRun({ repeat }, { now: at, lastStart, schedulerStart: 0, random }) ?? Number.NaN;
        expect(next).toBeGreaterThanOrEqual(at);
        expect(next - at).toBeLessThan(WEEK + DAY);
        expect(new Date(next).toUTCString().slice(0, 3).toLowerCase()).toBe(repeat);
        if (lastStart !== undefined) expect(Math.floor(next / DAY)).toBeGreaterThan(Math.floor(lastStart / DAY));
      },
    );
    fc.assert(property, { verbose: true });
  });

  test('is not asked for with a schedule that cannot be read', () => {
    for (const schedule of [{ after: 'x' }, { repeat: 'x' }, { jitter: 'x' }]) {
      expect(() => checkSchedule(schedule)).toThrow(/^Option (after|repeat|jitter) of a schedule must be /);
    }
    expect(() => checkSchedule({})).not.toThrow();
  });
});
