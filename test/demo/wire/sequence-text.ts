import { inflateSync } from 'node:zlib';
import { decodeTerm, type Term } from '../../../demo/server/erlang-term.ts';

/** What an update sequence says: the number in front, and how far each shard was read. */
export interface DecodedSequence {
  readonly number: number;
  readonly shards: readonly DecodedShard[];
}

export interface DecodedShard {
  /** The first hash of its range, in hex. */
  readonly from: string;
  readonly sequence: number;
  /** Absent where a shard has told nothing yet. */
  readonly uuid: string | undefined;
}

/** Update sequences, wherever they stand. */
export const SEQUENCES = /\b\d+-g1AAAA[A-Za-z0-9_-]+/g;

/** Takes a sequence apart, CouchDB's or the demo server's; `undefined` for anything else. */
export function decodeSequence(text: string): DecodedSequence | undefined {
  const [, number, opaque] = /^(\d+)-(g1AAAA.*)$/.exec(text) ?? [];
  if (number === undefined || opaque === undefined) return undefined;
  const json = Buffer.from(opaque.slice('g1AAAA'.length), 'base64url').toString();
  const shards = json.startsWith('[') ? readJson(json) : readTerm(Buffer.from(opaque, 'base64url'));
  return { number: Number(number), shards: [...shards].sort((a, b) => (a.from < b.from ? -1 : 1)) };
}

/**
 * The same for people, and the same for two sequences that mean the same: a shard of which nothing was read is the same
 * whether its uuid is known or not.
 */
export function describeSequence({ number, shards }: DecodedSequence): string {
  const parts = shards.map(
    ({ from, sequence, uuid }) => `${from}:${sequence}${sequence === 0 || uuid === undefined ? '' : `@${uuid}`}`,
  );
  return `${number}-[${parts.join(' ')}]`;
}

/** CouchDB's: `[{Node, [From, To], {Sequence, Uuid, Node}}, …]`, compressed; a bare 0 where a shard has told nothing. */
function readTerm(bytes: Buffer): DecodedShard[] {
  const term = decodeTerm(Buffer.concat([bytes.subarray(0, 1), inflateSync(bytes.subarray(6))]));
  return listOf(term).map((entry) => {
    const [, range, at] = tupleOf(entry);
    const [from] = listOf(range);
    const [sequence, uuid] = typeof at === 'number' ? [at] : tupleOf(at);
    return {
      from: Number(from).toString(16).padStart(8, '0'),
      sequence: Number(sequence),
      uuid: uuid instanceof Uint8Array ? Buffer.from(uuid).toString() : undefined,
    };
  });
}

/** The demo server's own: `[["00000000-7fffffff", 3, "uuid"], …]`. */
function readJson(text: string): DecodedShard[] {
  const shards: [string, number, string][] = JSON.parse(text);
  return shards.map(([range, sequence, uuid]) => ({ from: range.slice(0, 8), sequence, uuid: uuid || undefined }));
}

function listOf(term: Term | undefined): readonly Term[] {
  return Array.isArray(term) ? term : [];
}

function tupleOf(term: Term | undefined): readonly Term[] {
  return typeof term === 'object' && 'tuple' in term ? term.tuple : [];
}
