import type { LiveChangesEvent, LiveChangesOptions } from '../../src/couch/changes.ts';
import { couch } from '../../src/couch/couch.ts';

/** A live feed, read in short texts. */
export interface FeedReader {
  /** What is told, up to and with the next sign that nothing is left. */
  untilIdle(): Promise<string[]>;
  leave(): Promise<unknown> | undefined;
}

/** Begins to read a database's feed, when it is first asked for something. */
export function readFeed(url: string, options: LiveChangesOptions): FeedReader {
  const iterator = couch.db(url).changes(options)[Symbol.asyncIterator]();
  const texts = async function* (): AsyncGenerator<string> {
    for (;;) {
      const { done, value } = await iterator.next();
      if (done) return;
      // How often servers and networks cut a connection off is not what readers are for.
      if (value.type !== 'reconnected') yield textOf(value);
    }
  };
  const told = texts();
  return {
    async untilIdle() {
      const all: string[] = [];
      for (;;) {
        const { done, value } = await told.next();
        if (done) return all;
        all.push(value);
        if (value === 'idle') return all;
      }
    },
    leave: () => iterator.return?.(),
  };
}

function textOf(event: LiveChangesEvent): string {
  return event.type === 'row' ? `${event.id} ${event.changes[0]?.rev.split('-')[0]}` : event.type;
}
