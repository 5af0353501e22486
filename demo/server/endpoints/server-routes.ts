import { jsonAnswer } from '../answers.ts';
import { entityTag } from '../digest.ts';
import { type Endpoint, type Exchange, readJsonObject } from '../exchange.ts';
import { quoteJson } from '../json.ts';
import type { Answer } from '../model.ts';
import { badRequest, crash } from '../refusals.ts';
import { allDatabases, databasesInfo } from './all-dbs.ts';
import { databaseUpdates } from './db-updates.ts';

/** The endpoint of the server that the first part of a path names; `undefined` when it names a database. */
export function serverRoute(first: string, { request, state }: Exchange): Endpoint<Exchange> | undefined {
  const endpoint = ENDPOINTS.get(first);
  if (endpoint !== undefined || !first.startsWith('_') || state.database(first) !== undefined) return endpoint;
  state.access.requireServerAdmin(request);
  return undefined;
}

const root: Endpoint<Exchange> = {
  allow: 'GET,HEAD',
  methods: {
    GET: ({ state }) =>
      jsonAnswer(
        `{"couchdb":"Welcome","version":"3.4.3","git_sha":"e12b967","uuid":"${state.uuid}","features":${FEATURES},` +
          '"vendor":{"name":"The Apache Software Foundation"}}',
      ),
  },
};

const FEATURES = '["quickjs","access-ready","partitioned","pluggable-storage-engines","reshard","scheduler"]';

const up: Endpoint<Exchange> = {
  allow: 'GET,HEAD',
  methods: {
    GET: ({ state }) => {
      if (state.maintenance === 'false') return jsonAnswer('{"status":"ok","seeds":{}}');
      const status = state.maintenance === 'true' ? 'maintenance_mode' : 'nolb';
      return jsonAnswer(`{"status":"${status}"}`, 404);
    },
  },
};

const uuids: Endpoint<Exchange> = { allow: 'GET', methods: { GET: answerUuids } };

function answerUuids({ request, state }: Exchange): Answer {
  const text = request.query.get('count') ?? '1';
  const count = Number(text);
  if (!/^[0-9]+$/.test(text)) throw badRequest('count must be an integer');
  if (count > 1000) throw badRequest('count parameter too large');
  const ids = Array.from({ length: count }, () => state.newId());
  return {
    ...jsonAnswer(`{"uuids":[${ids.map(quoteJson).join(',')}]}`, 200, {
      'Cache-Control': 'no-cache',
      ETag: entityTag(...ids),
      Expires: 'Mon, 01 Jan 1990 00:00:00 GMT',
      Pragma: 'no-cache',
    }),
    untracked: true,
  };
}

const session: Endpoint<Exchange> = {
  allow: 'GET,HEAD,POST,DELETE',
  methods: { GET: answerSession, POST: answerSession, DELETE: answerSession },
};

async function answerSession({ request, state }: Exchange): Promise<Answer> {
  return { ...(await state.access.session(request)), untracked: true };
}

/** This server never replicates by itself. */
const replicate: Endpoint<Exchange> = {
  allow: 'POST',
  methods: {
    POST: async ({ request }) => {
      await readJsonObject(request);
      throw crash('error', 'Missing replicator database');
    },
  },
};

const ENDPOINTS: ReadonlyMap<string, Endpoint<Exchange>> = new Map([
  ['', root],
  ['_all_dbs', allDatabases],
  ['_db_updates', databaseUpdates],
  ['_dbs_info', databasesInfo],
  ['_replicate', replicate],
  ['_session', session],
  ['_up', up],
  ['_uuids', uuids],
]);
