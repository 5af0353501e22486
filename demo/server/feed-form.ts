import type { FeedKind } from './changes-options.ts';
import type { Change } from './changes-pass.ts';
import { quoteJson } from './json.ts';

/** How a feed is written. */
export interface FeedForm {
  readonly head: string;
  readonly row: (change: Change) => string;
  readonly separator: string;
  readonly heartbeat: string;
  /** What ends the feed, after its last row. */
  readonly tail: (lastSequence: string, pending: number) => string;
}

/** The JSON text of a row of `_changes`. */
export function changeText({ document, revisions, sequence }: Change, doc: string | undefined): string {
  const changes = revisions.map((rev) => `{"rev":${quoteJson(rev)}}`).join(',');
  const deleted = document.winner.deleted ? ',"deleted":true' : '';
  const shown = doc === undefined ? '' : `,"doc":${doc}`;
  return `{"seq":${sequence},"id":${quoteJson(document.id)},"changes":[${changes}]${deleted}${shown}}`;
}

/**
 * The form of a kind of feed.
 *
 * @param rowText the JSON text of a row
 * @param endText what is told of the end, as members of a JSON object
 */
export function feedForm(
  kind: FeedKind,
  rowText: (change: Change) => string,
  endText: (lastSequence: string, pending: number) => string,
): FeedForm {
  if (kind === 'continuous') {
    return {
      head: '',
      row: (change) => `${rowText(change)}\n`,
      separator: '',
      heartbeat: '\n',
      tail: (lastSequence, pending) => `{${endText(lastSequence, pending)}}\n`,
    };
  }
  if (kind === 'eventsource') {
    return {
      head: '',
      row: (change) => `data: ${rowText(change)}\nid: ${change.sequence}\n\n`,
      separator: '',
      heartbeat: 'event: heartbeat\ndata: \n\n',
      tail: () => '',
    };
  }
  return {
    head: '{"results":[\n',
    row: rowText,
    separator: ',\r\n',
    heartbeat: '\n',
    tail: (lastSequence, pending) => `\n],\n${endText(lastSequence, pending)}}\n`,
  };
}
