import { compareBytes } from '../../src/kv/key.ts';

/** Fails unless the condition holds. */
export function ok(condition: boolean, otherwise: string): asserts condition {
  if (!condition) throw new Error(otherwise);
}

/** Fails unless both are the same: the same primitives (`-0` is not `0`), bytes, arrays and plain objects of such. */
export function equal(actual: unknown, expected: unknown, what = 'The result'): void {
  if (!isSame(actual, expected)) throw new Error(`${what} is ${show(actual)}, and not ${show(expected)}`);
}

/** Waits for a rejection, fails without one, and gives its reason. */
export async function rejection(promise: Promise<unknown>, what: string): Promise<unknown> {
  let value: unknown;
  try {
    value = await promise;
  } catch (error) {
    return error;
  }
  throw new Error(`${what} was not refused, but gave ${show(value)}`);
}

/** Fails unless the promise rejects with an error of that kind. */
export async function rejects<E>(
  promise: Promise<unknown>,
  isKind: (error: unknown) => error is E,
  what: string,
): Promise<E> {
  const error = await rejection(promise, what);
  if (!isKind(error))
    throw new Error(`${what} was refused by another error than it should: ${error}`, { cause: error });
  return error;
}

function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (a instanceof Uint8Array && b instanceof Uint8Array) return compareBytes(a, b) === 0;
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  const [left, right] = [Object.entries(a), new Map(Object.entries(b))];
  return left.length === right.size && left.every(([name, value]) => right.has(name) && isSame(value, right.get(name)));
}

function show(value: unknown): string {
  const text = JSON.stringify(value, (_, inner: unknown) => {
    if (inner instanceof Uint8Array) return `${inner.length} bytes: ${inner.subarray(0, 20)}`;
    return Object.is(inner, -0) ? '-0' : inner;
  });
  return text === undefined ? String(value) : text.length > 1000 ? `${text.slice(0, 1000)}…` : text;
}
