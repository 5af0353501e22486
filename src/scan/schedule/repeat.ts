import { InputError } from '../../core/errors.ts';
import { parseAmount, spanOf, UNIT_NAMES } from './span.ts';

/** How often something is repeated: after so many milliseconds, or on a day of the week, from 1 for Monday to 7. */
export type Repetition = { readonly period: number } | { readonly weekday: number };

const WEEKDAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'];

/**
 * Reads how often a schedule repeats, in upper or lower case: a period such as `2_hours`, or a day of the week, as a whole word, shortened
 * to no less than three letters or in the plural, such as `Thursdays` or `thurs.`; `monthly` is none.
 *
 * @returns undefined for `restart`, which is no repetition
 * @throws InputError for anything else
 */
export function parseRepeat(text: string): Repetition | undefined {
  const lower = text.toLowerCase();
  if (lower === 'restart') return undefined;
  const day = lower.replace(/s?\.?$/, '');
  const weekday = day.length < 3 ? 0 : WEEKDAYS.findIndex((name) => name.startsWith(day)) + 1;
  if (weekday > 0) return { weekday };
  const amount = parseAmount(lower);
  const period = amount === undefined ? undefined : spanOf(amount);
  if (period !== undefined && period > 0 && Number.isSafeInteger(period)) return { period };
  throw new InputError(
    `Option repeat of a schedule must be "restart", a weekday like monday, or a period like 2_hours (units ${UNIT_NAMES}), ` +
      `not ${JSON.stringify(text)}`,
  );
}
