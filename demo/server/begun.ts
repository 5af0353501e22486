/**
 * An iteration that has begun: its first element is there. What the iteration throws before that is thrown here.
 *
 * @example
 * ```ts
 * return streamAnswer(await begun(pieces));
 * ```
 */
export async function begun<T>(elements: AsyncGenerator<T, void, undefined>): Promise<AsyncIterable<T>> {
  const first = await elements.next();
  return resume(first, elements);
}

async function* resume<T>(
  first: IteratorResult<T, void>,
  rest: AsyncGenerator<T, void, undefined>,
): AsyncGenerator<T, void, undefined> {
  if (first.done) return;
  try {
    yield first.value;
    yield* rest;
  } finally {
    await rest.return();
  }
}
