import { events } from 'fetch-event-stream';
import { decodeText } from '../../core/text.ts';
import type { Answer } from '../request/answer.ts';

/** The data of each event of an answer; empty for a heartbeat. A loop that is left leaves the answer open. */
export async function* eventData(answer: Answer): AsyncGenerator<string, void, undefined> {
  // No signal: `events` would take an abort for the end, while the body rejects with the reason of it.
  for await (const { data } of events(new Response(checkedStream(answer.bytes())))) yield data ?? '';
}

/** A stream of bytes that are known to be UTF-8: its readers would put something in the place of what is not. */
function checkedStream(bytes: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array<ArrayBuffer>> {
  const texts = decodeText(bytes);
  const encoder = new TextEncoder();
  const source: UnderlyingDefaultSource<Uint8Array<ArrayBuffer>> = {
    async pull(controller) {
      const { done, value } = await texts.next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
    async cancel() {
      await texts.return();
    },
  };
  return new ReadableStream(source, { highWaterMark: 0 });
}
