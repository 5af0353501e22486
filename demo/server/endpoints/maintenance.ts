import { jsonAnswer, okAnswer } from '../answers.ts';
import { compact } from '../compact.ts';
import { type DatabaseExchange, type Endpoint, readJsonObject, requireJson } from '../exchange.ts';
import { readRevText } from '../incoming.ts';
import { quoteJson } from '../json.ts';
import type { Answer } from '../model.ts';
import { type Purge, purge } from '../purge.ts';
import { badRequest } from '../refusals.ts';

/** `/{db}/_compact`, of documents or of the views of a design document. */
export const compaction: Endpoint<DatabaseExchange> = {
  allow: 'POST',
  methods: {
    POST: ({ database, request, state }) => {
      state.access.requireDatabaseAdmin(request, database.security);
      requireJson(request);
      compact(database);
      return okAnswer(202);
    },
  },
};

/** `/{db}/_view_cleanup`: there is nothing to clean. */
export const viewCleanup: Endpoint<DatabaseExchange> = {
  allow: 'POST',
  methods: {
    POST: ({ database, request, state }) => {
      state.access.requireDatabaseAdmin(request, database.security);
      requireJson(request);
      return okAnswer(202);
    },
  },
};

/** `/{db}/_ensure_full_commit`: everything is always committed. */
export const fullCommit: Endpoint<DatabaseExchange> = {
  allow: 'POST',
  methods: {
    POST: ({ database, request }) => {
      requireJson(request);
      return jsonAnswer(`{"ok":true,"instance_start_time":"${database.created}"}`, 201);
    },
  },
};

/** `/{db}/_purge`. */
export const purging: Endpoint<DatabaseExchange> = { allow: 'POST', methods: { POST: answerPurge } };

/** `/{db}/_purged_infos`. */
export const purgedInfos: Endpoint<DatabaseExchange> = {
  allow: 'GET',
  methods: {
    GET: ({ database }) => {
      const infos = database.purges.map(({ id, revs }) => `{"id":${quoteJson(id)},"revs":${revList(revs)}}`);
      return jsonAnswer(`{"purged_infos":[${infos.join(',')}]}`);
    },
  },
};

async function answerPurge({ database, request, state }: DatabaseExchange): Promise<Answer> {
  state.access.requireServerAdmin(request);
  const body = await readJsonObject(request);
  const requests: Purge[] = Array.from(body, ([id, revs]) => {
    if (!Array.isArray(revs)) throw badRequest('Invalid list of revisions');
    return { id, revs: revs.map(readRevText) };
  });
  const purged = purge(database, requests).map(({ id, revs }) => `${quoteJson(id)}:${revList(revs)}`);
  return jsonAnswer(`{"purge_seq":null,"purged":{${purged.join(',')}}}`, 201);
}

function revList(revs: readonly string[]): string {
  return `[${revs.map(quoteJson).join(',')}]`;
}
