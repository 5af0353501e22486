import { jsonAnswer, okAnswer } from '../answers.ts';
import type { DatabaseExchange, Endpoint } from '../exchange.ts';
import { isObject, JsonNumber } from '../json.ts';
import { parseJsonBytes } from '../json-parse.ts';
import { badRequest, crash } from '../refusals.ts';
import { readSecurity } from '../security.ts';

/** `/{db}/_security`. */
export const security: Endpoint<DatabaseExchange> = {
  allow: 'PUT,GET',
  methods: {
    GET: ({ database }) => jsonAnswer(database.security.text),
    PUT: async ({ database, request, state }) => {
      const value = parseJsonBytes(await request.body());
      state.access.requireDatabaseAdmin(request, database.security);
      if (!isObject(value)) throw badRequest('Request body must be a JSON object');
      database.security = readSecurity(value);
      return okAnswer();
    },
  },
};

/** `/{db}/_revs_limit`. */
export const revsLimit: Endpoint<DatabaseExchange> = {
  allow: 'PUT,GET',
  methods: {
    GET: ({ database }) => jsonAnswer(String(database.revsLimit)),
    PUT: async ({ database, request, state }) => {
      const limit = await readPositive(request);
      state.access.requireDatabaseAdmin(request, database.security);
      if (limit === undefined) throw crash('unknown_error', 'invalid_revs_limit');
      database.revsLimit = limit;
      return okAnswer();
    },
  },
};

/** `/{db}/_purged_infos_limit`. */
export const purgedInfosLimit: Endpoint<DatabaseExchange> = {
  allow: 'GET,PUT',
  methods: {
    GET: ({ database, request, state }) => {
      state.access.requireServerAdmin(request);
      return jsonAnswer(String(database.purgedInfosLimit));
    },
    PUT: async ({ database, request, state }) => {
      state.access.requireServerAdmin(request);
      const limit = await readPositive(request);
      if (limit === undefined) throw badRequest('`purged_infos_limit` must be positive integer');
      database.purgedInfosLimit = limit;
      return okAnswer();
    },
  },
};

async function readPositive(request: DatabaseExchange['request']): Promise<number | undefined> {
  const value = parseJsonBytes(await request.body());
  const isPositive = value instanceof JsonNumber && value.isInteger && Number(value.text) > 0;
  return isPositive ? Number(value.text) : undefined;
}
