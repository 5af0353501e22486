import { isMatched, notModified, streamAnswer } from '../answers.ts';
import { begun } from '../begun.ts';
import { feedPieces, startOfFeed } from '../changes-feed.ts';
import { type FeedOptions, readChangesOptions } from '../changes-options.ts';
import type { Change, ReadOptions } from '../changes-pass.ts';
import { entityTag } from '../digest.ts';
import type { Endpoint, Exchange } from '../exchange.ts';
import { feedForm } from '../feed-form.ts';
import { GLOBAL_CHANGES, readUpdate } from '../global-changes.ts';
import { quoteJson } from '../json.ts';
import type { Answer } from '../model.ts';
import { notFound } from '../refusals.ts';
import { feedContext, feedHeaders } from './changes.ts';
import { databaseInfo } from './database.ts';

/** `/_db_updates`: what becomes of databases, as far as it is noted. */
export const databaseUpdates: Endpoint<Exchange> = { allow: 'GET', methods: { GET: answerUpdates } };

async function answerUpdates({ request, state }: Exchange): Promise<Answer> {
  state.access.requireServerAdmin(request);
  const database = state.database(GLOBAL_CHANGES);
  if (database === undefined) throw notFound('Database does not exist.');
  const options: FeedOptions = readChangesOptions(request.query, request.headers);
  const etag = entityTag(databaseInfo(database));
  if (options.feed === 'normal' && isMatched(etag, request.headers.get('if-none-match'))) return notModified(etag);
  const read: ReadOptions = {
    descending: options.descending,
    filter: { revisions: ({ id, winner }) => (readUpdate(id) === undefined ? [] : [winner.rev]) },
    sequenceInterval: 1,
    choose: state.interleave(request),
  };
  const form = feedForm(options.feed, updateText, (lastSequence) => `"last_seq":"${lastSequence}"`);
  const context = feedContext(state, request, database);
  const pieces = feedPieces(context, options, read, startOfFeed(database, options), form);
  return streamAnswer(await begun(pieces), feedHeaders(options, etag));
}

function updateText({ document, sequence }: Change): string {
  const { event = '', name = '' } = readUpdate(document.id) ?? {};
  return `{"db_name":${quoteJson(name)},"type":"${event}","seq":${sequence}}`;
}
