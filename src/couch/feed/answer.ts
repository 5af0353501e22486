import { ProtocolError } from '../../core/errors.ts';
import { JsonRows } from '../../core/json-rows.ts';
import { memberText } from '../../core/json-text.ts';
import { excerpt, parseObject } from '../../core/json-value.ts';
import { lines } from '../../core/lines.ts';
import { loadPart } from '../../core/load-part.ts';
import { decodeText } from '../../core/text.ts';
import type { Answer } from '../request/answer.ts';
import { parseSequence, type Sequence } from './sequence.ts';
import type { LiveKind } from './state.ts';

/** What one piece of a feed's answer tells. */
export interface FeedPiece<R> {
  readonly rows: readonly R[];
  /** The server has said, after these rows, that it has nothing more for now. */
  readonly quiet?: boolean;
  /** How the answer ended, with its last piece. */
  readonly end?: AnswerEnd;
}

/** How an answer of a feed ended. */
export interface AnswerEnd {
  /** Up to where the server has told everything; an event source does not say. */
  readonly lastSeq?: Sequence;
  readonly pending?: number;
}

/** A server that does not have a kind of feed has answered with something else. */
export class LackingFeedError extends ProtocolError {}

/**
 * Reads the answer of a feed while it arrives: at least one piece for every piece of the body, the last one with the end.
 *
 * @throws ProtocolError when it is no such answer, or ends before its end; LackingFeedError when it is one of another kind
 */
export function readFeedAnswer<R>(
  kind: LiveKind,
  answer: Answer,
  parse: (text: string) => R,
): AsyncGenerator<FeedPiece<R>, void, undefined> {
  if (kind === 'continuous') return readLines(answer, parse);
  return kind === 'eventsource' ? readEvents(answer, parse) : readResults(answer, parse);
}

/** The answer of `normal` and `longpoll`: `{"results":[row,…],"last_seq":…,"pending":…}`. */
async function* readResults<R>(
  answer: Answer,
  parse: (text: string) => R,
): AsyncGenerator<FeedPiece<R>, void, undefined> {
  const reader = new JsonRows('results');
  for await (const text of decodeText(answer.bytes())) yield { rows: reader.push(text).map(parse) };
  const members = reader.end();
  yield { rows: [], end: endOf(members.get('last_seq'), members.get('pending')) };
}

/** The answer of `continuous`: rows line by line, empty lines as signs of life, and the position as the last line. */
async function* readLines<R>(
  answer: Answer,
  parse: (text: string) => R,
): AsyncGenerator<FeedPiece<R>, void, undefined> {
  let end: AnswerEnd | undefined;
  try {
    for await (const batch of lines(answer.bytes())) {
      const rows: R[] = [];
      for (const line of batch) {
        if (end !== undefined || line === '') continue;
        if (line.startsWith('{"results":')) throw new LackingFeedError('The server has no continuous feed', false);
        if (LOOKS_LIKE_ROW.test(line)) rows.push(parse(line));
        else {
          end = endOfLine(line);
          if (end === undefined) rows.push(parse(line));
        }
      }
      yield { rows, quiet: end === undefined && batch.at(-1) === '' };
    }
  } catch (error) {
    // What goes wrong after the end has gone wrong with nothing.
    if (end === undefined) throw error;
  }
  if (end === undefined) throw new ProtocolError('The continuous feed broke off before its end', true);
  yield { rows: [], end };
}

/** The answer of `eventsource`: rows as the data of events, and nothing at its end. */
async function* readEvents<R>(
  answer: Answer,
  parse: (text: string) => R,
): AsyncGenerator<FeedPiece<R>, void, undefined> {
  const type = answer.response.headers.get('content-type') ?? '';
  if (!/^text\/event-stream\b/i.test(type)) {
    answer.close();
    throw new LackingFeedError(`The server has no event source, it answers with ${excerpt(type)}`, false);
  }
  try {
    const { eventData } = await loadPart(import('./event-source.ts'));
    for await (const data of eventData(answer)) {
      if (data === '') yield { rows: [], quiet: true };
      else {
        if (!LOOKS_LIKE_ROW.test(data)) endOfLine(data);
        yield { rows: [parse(data)] };
      }
    }
  } finally {
    answer.close();
  }
  yield { rows: [], end: {} };
}

/** How every known server begins a row: what begins otherwise is looked at more closely. */
const LOOKS_LIKE_ROW = /^\{"(seq|id|db_name)":/;

/**
 * The end that a line tells; undefined for a row.
 *
 * @throws ProtocolError when it tells an error, which has come too late to be a status
 */
function endOfLine(line: string): AnswerEnd | undefined {
  const object = parseObject(line, 'A line of the feed');
  if ('id' in object || 'db_name' in object) return undefined;
  if ('error' in object) throw new ProtocolError(`The server ended the feed with an error: ${excerpt(line)}`, true);
  return 'last_seq' in object ? endOf(memberText(line, 0, 'last_seq'), memberText(line, 0, 'pending')) : undefined;
}

function endOf(lastSeqText: string | undefined, pendingText: string | undefined): AnswerEnd {
  const lastSeq = parseSequence(lastSeqText ?? 'null');
  if (lastSeq === null) throw new ProtocolError('The changes feed ended without last_seq', true);
  const pending = Number(pendingText);
  return Number.isSafeInteger(pending) && pending >= 0 ? { lastSeq, pending } : { lastSeq };
}
