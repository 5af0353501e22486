import { type Missing, missingRevs } from '../../../src/revs/missing.ts';
import { emptyTree } from '../../../src/revs/tree.ts';
import { jsonAnswer } from '../answers.ts';
import { type DatabaseExchange, type Endpoint, readJsonObject } from '../exchange.ts';
import { readRevText } from '../incoming.ts';
import { quoteJson } from '../json.ts';
import { badRequest } from '../refusals.ts';

/** `/{db}/_revs_diff`. */
export const revsDiff: Endpoint<DatabaseExchange> = {
  allow: 'POST',
  methods: {
    POST: async (exchange) => {
      const missing = await findMissing(exchange);
      return jsonAnswer(`{${missing.map(({ id, answer }) => `${quoteJson(id)}:${diffText(answer)}`).join(',')}}`);
    },
  },
};

/** `/{db}/_missing_revs`, the older form. */
export const oldMissingRevs: Endpoint<DatabaseExchange> = {
  allow: 'POST',
  methods: {
    POST: async (exchange) => {
      const missing = await findMissing(exchange);
      const texts = missing.map(({ id, answer }) => `${quoteJson(id)}:${revList(answer.missing)}`);
      return jsonAnswer(`{"missing_revs":{${texts.join(',')}}}`);
    },
  },
};

/** What each document lacks; those that lack nothing are left out. */
async function findMissing({ database, request }: DatabaseExchange): Promise<{ id: string; answer: Missing }[]> {
  const body = await readJsonObject(request);
  return Array.from(body, ([id, revs]) => {
    if (!Array.isArray(revs)) throw badRequest('Invalid list of revisions');
    const tree = database.document(id)?.tree ?? emptyTree;
    return { id, answer: missingRevs(tree, revs.map(readRevText)) };
  }).filter(({ answer }) => answer.missing.length > 0);
}

function diffText({ missing, possibleAncestors }: Missing): string {
  const ancestors = possibleAncestors.length === 0 ? '' : `,"possible_ancestors":${revList(possibleAncestors)}`;
  return `{"missing":${revList(missing)}${ancestors}}`;
}

function revList(revs: readonly string[]): string {
  return `[${revs.map(quoteJson).join(',')}]`;
}
