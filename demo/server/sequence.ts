import type { Database } from './database.ts';
import { JsonNumber, type JsonValue, quoteJson } from './json.ts';
import { parseJson } from './json-parse.ts';
import { badRequest } from './refusals.ts';

/** How far one shard was read. */
export interface ShardPosition {
  readonly sequence: number;
  /** The shard that the sequence belongs to; empty for a number that is taken as it is, such as 0, the beginning. */
  readonly uuid: string;
}

/** How far each shard was read, in the order of the shards. */
export type Position = readonly ShardPosition[];

/**
 * A position as clients carry it: `N-` and opaque text. The number is the sum of the shards' sequences and means nothing
 * when it comes back.
 */
export function formatSequence(database: Database, position: Position): string {
  let sum = 0;
  let shards = '';
  for (const [i, { sequence, uuid }] of position.entries()) {
    sum += sequence;
    shards += `${i === 0 ? '' : ','}["${database.shards[i]?.range}",${sequence},${quoteJson(uuid)}]`;
  }
  return `${sum}-${PREFIX}${toBase64Url(`[${shards}]`)}`;
}

/**
 * The position that `since` stands for: `0`, `now`, or what {@link formatSequence} gave, with or without quotes. What was
 * read of another database, or of a deleted one with the same name, counts as read until the shard is read again, as
 * in CouchDB; {@link startOf} says where reading begins.
 *
 * @throws Refusal 400
 */
export function parseSince(database: Database, since: string): Position {
  if (since === '0') return startPosition(database);
  if (since === 'now') return endPosition(database);
  const [, opaque = ''] = /^"?(?:[0-9]+-)?(.*?)"?$/.exec(since) ?? [];
  const byRange = new Map(readShards(opaque));
  return database.shards.map(({ range }) => byRange.get(range) ?? BEGINNING);
}

/** Where reading a shard begins for a position: at its sequence, or at the beginning if that belongs to another shard. */
export function startOf(database: Database, position: Position, index: number): number {
  const { sequence, uuid } = position[index] ?? BEGINNING;
  return uuid === '' || uuid === database.shards[index]?.uuid ? sequence : 0;
}

/** Nothing was read. */
export function startPosition(database: Database): Position {
  return database.shards.map(() => BEGINNING);
}

/** Everything was read that is there now. */
export function endPosition(database: Database): Position {
  return database.shards.map(({ sequence, uuid }) => ({ sequence, uuid }));
}

const BEGINNING: ShardPosition = { sequence: 0, uuid: '' };

/** What the compressed Erlang term of a CouchDB sequence begins with. */
const PREFIX = 'g1AAAA';

function readShards(opaque: string): [range: string, position: ShardPosition][] {
  if (!opaque.startsWith(PREFIX)) throw malformed();
  let shards: JsonValue;
  try {
    shards = parseJson(atob(opaque.slice(PREFIX.length).replaceAll('-', '+').replaceAll('_', '/')));
  } catch {
    throw malformed();
  }
  if (!Array.isArray(shards)) throw malformed();
  return shards.map((shard) => {
    const [range, sequence, uuid] = Array.isArray(shard) ? shard : [];
    if (typeof range !== 'string' || typeof uuid !== 'string' || !(sequence instanceof JsonNumber)) throw malformed();
    return [range, { sequence: Number(sequence.text), uuid }];
  });
}

function toBase64Url(text: string): string {
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

function malformed(): Error {
  return badRequest("Malformed sequence supplied in 'since' parameter.");
}
