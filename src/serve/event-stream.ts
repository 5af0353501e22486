import { childController } from '../core/abort.ts';
import type { Platform } from '../core/platform.ts';

/** How often somebody is told that nothing has happened, in milliseconds: proxies give up who says nothing. */
const HEARTBEAT = 15_000;

/**
 * An answer of server-sent events (https://html.spec.whatwg.org/#server-sent-events), each with an object as its data. Nothing is
 * buffered: it is read on only as fast as the client reads. When the client hangs up, the signal aborts.
 *
 * @param open what is to be told, many at once; what it fails of is told by `failed`, as the last event
 * @param ended called once, when nothing more is told
 */
export function eventStream(
  open: (signal: AbortSignal) => AsyncIterable<readonly object[]>,
  failed: (error: unknown) => object,
  { sleep }: Pick<Platform, 'sleep'>,
  requestSignal: AbortSignal,
  ended: () => void,
): Response {
  const encoder = new TextEncoder();
  const ending = childController(requestSignal);
  const iterator = open(ending.signal)[Symbol.asyncIterator]();
  let isOver = false;
  const end = (): void => {
    if (isOver) return;
    isOver = true;
    ending.release();
    ended();
  };
  let next: Promise<IteratorResult<readonly object[]>> | undefined;
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        next ??= iterator.next();
        const waiting = childController(ending.signal);
        const beat = sleep(HEARTBEAT, waiting.signal).then(
          () => undefined,
          () => undefined,
        );
        try {
          const step = await Promise.race([next, beat]);
          if (step === undefined && !ending.signal.aborted) {
            controller.enqueue(encoder.encode(':\n\n'));
            return;
          }
          const { done, value } = step ?? (await next);
          next = undefined;
          if (done) {
            end();
            controller.close();
          } else controller.enqueue(encoder.encode(value.map(eventOf).join('')));
        } catch (error) {
          end();
          controller.enqueue(encoder.encode(eventOf(failed(error))));
          controller.close();
        } finally {
          waiting.abort();
          waiting.release();
        }
      },
      async cancel(reason) {
        ending.abort(reason);
        // What it still says has nobody left to hear it.
        await iterator.return?.().catch(() => {});
        end();
      },
    },
    { highWaterMark: 0 },
  );
  return new Response(body, {
    headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' },
  });
}

function eventOf(value: object): string {
  return `data: ${JSON.stringify(value)}\n\n`;
}
