import { childController } from './abort.ts';

/** How far work may run ahead of who takes its results. */
export interface OrderedMapOptions {
  /** Values that are being worked on, or whose results wait, at the most. */
  readonly ahead: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Works on several values of an iterable at once and gives the results in the values' order. Reading the source, the
 * work and the use of the results overlap, as far as `ahead` allows; the source is never asked for two values at once.
 *
 * What fails is thrown in its place in the order, after every result before it. Leaving early aborts work and source.
 *
 * @example
 * ```ts
 * async function* numbers() {
 *   yield* [1, 2, 3];
 * }
 * for await (const double of orderedMap(numbers, async (n) => n * 2, { ahead: 2 })) console.log(double);
 * ```
 */
export async function* orderedMap<T, R>(
  source: (signal: AbortSignal) => AsyncIterable<T>,
  work: (value: T, signal: AbortSignal) => Promise<R>,
  { ahead, signal }: OrderedMapOptions,
): AsyncGenerator<Awaited<R>, void, undefined> {
  const controller = childController(signal);
  const results: (Promise<R> | undefined)[] = [];
  let wakeReader = (): void => {};
  let wakeTaker = (): void => {};
  const add = (result: Promise<R> | undefined): void => {
    // Whoever takes it hears of its failure; until then it must not count as unhandled.
    result?.catch(() => {});
    results.push(result);
    wakeTaker();
  };
  const read = async (): Promise<void> => {
    try {
      for await (const value of source(controller.signal)) {
        add(work(value, controller.signal));
        while (results.length >= ahead && !controller.signal.aborted) {
          await new Promise<void>((resolve) => {
            wakeReader = resolve;
          });
        }
        if (controller.signal.aborted) return;
      }
      add(undefined);
    } catch (error) {
      add(Promise.reject(error));
    }
  };
  const reading = read();
  try {
    for (;;) {
      while (results.length === 0) {
        await new Promise<void>((resolve) => {
          wakeTaker = resolve;
        });
      }
      const result = results[0];
      if (result === undefined) return;
      const value = await result;
      results.splice(0, 1);
      wakeReader();
      yield value;
    }
  } finally {
    controller.abort();
    controller.release();
    wakeReader();
    await reading;
  }
}
