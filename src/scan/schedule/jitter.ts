import { InputError } from '../../core/errors.ts';
import { parseAmount, spanOf, UNIT_NAMES } from './span.ts';

const SECOND = 1000;

/**
 * Reads by how much a schedule varies at the most, in upper or lower case: a part of the period such as `10_percent`, rounded to whole
 * seconds, or a time such as `5_min`.
 *
 * @param period what a percentage is of, in milliseconds
 * @returns milliseconds, from one second up to the period
 * @throws InputError for anything else
 */
export function parseJitter(text: string, period: number): number {
  const amount = parseAmount(text);
  const wanted = amount?.unit === 'percent' ? roundToSecond((period * amount.count) / 100) : amount && spanOf(amount);
  if (wanted === undefined) {
    throw new InputError(
      `Option jitter of a schedule must be a percentage like 10_percent or a time like 5_min (units ${UNIT_NAMES}), ` +
        `not ${JSON.stringify(text)}`,
    );
  }
  return Math.max(SECOND, Math.min(period, wanted));
}

/**
 * The delay that is drawn: whole seconds, from one up to the most.
 *
 * @param most in milliseconds
 * @param random a number from 0 up to, not including, 1
 * @returns milliseconds
 */
export function drawJitter(most: number, random: number): number {
  return (1 + Math.floor((random * most) / SECOND)) * SECOND;
}

function roundToSecond(ms: number): number {
  return Math.round(ms / SECOND) * SECOND;
}
