import { InvalidArgumentError } from 'commander';
import { isJsonObject, type JsonObject } from '../../src/core/json-value.ts';

/**
 * Reads an argument that is a JSON object.
 *
 * @param example for who has written something else
 */
export function jsonObject(example: string): (text: string) => JsonObject {
  return (text) => {
    try {
      const object: unknown = JSON.parse(text);
      if (isJsonObject(object)) return object;
    } catch {
      // Told below, with what is expected.
    }
    throw new InvalidArgumentError(`It must be a JSON object such as ${example}.`);
  };
}

/** A time, in milliseconds since 1970. */
export function time(text: string): number {
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw new InvalidArgumentError('It must be a time such as 2030-01-31T12:00Z.');
  return time;
}

export function number(text: string): number {
  const number = Number(text);
  if (text.trim() === '' || !Number.isFinite(number)) throw new InvalidArgumentError('It must be a number.');
  return number;
}

/** The values of an option that may be given several times. */
export function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}
