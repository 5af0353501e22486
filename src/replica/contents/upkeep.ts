import { readMany } from '../../kv/read-many.ts';
import type { Mutation } from '../storage.ts';
import { type Turn, takeTurn, type Writing } from '../write-batch.ts';
import { decodeContent } from './record.ts';
import { decodeTransfer, dropTransfer, encodeTransfer } from './transfer.ts';

/** How long a content stays that nobody names, and a transfer with which nobody goes on, in milliseconds: a week. */
const PATIENCE = 7 * 86_400_000;

/** How many of each are looked at in one go. */
const STEP = 50;

/**
 * Deletes contents that nobody has named for long, and transfers that nobody has gone on with: those of documents that have moved on,
 * or that a crash has left. Those that are young are let be, as the batch that names them may be on its way.
 */
export async function sweepContents(writing: Writing): Promise<void> {
  const { kv, layout, platform } = writing;
  const before = platform.now() - PATIENCE;
  const { entries } = await kv.page({ prefix: layout.loose, to: [...layout.loose, before] }, { limit: STEP });
  if (entries.length > 0) {
    const digests = entries.map(({ key }) => String(key.at(-1)));
    await takeTurn(writing, (turn) => giveUp(writing, turn, digests));
  }
  const transfers = await kv.page({ prefix: layout.transfers }, { limit: STEP });
  for (const { key, value } of transfers.entries) {
    const { touched, isOver } = decodeTransfer(value);
    if (isOver || touched < before) await dropTransfer(kv, layout, String(key.at(-2)), String(key.at(-1)));
  }
}

/** Takes the records of loose contents away. Their pieces then are those of a transfer that is over. */
async function giveUp(
  { kv, layout, storage, platform }: Writing,
  turn: Turn,
  digests: readonly string[],
): Promise<true | 'lost'> {
  const { next } = await turn.begin();
  const entries = await readMany(
    kv,
    digests.map((digest) => layout.content(digest)),
  );
  const set: Mutation[] = [];
  const { ahead: _, announced: __, ...commit } = storage.prepare([], next);
  const deleted = [...commit.delete];
  for (const [index, digest] of digests.entries()) {
    const value = entries[index]?.value;
    const record = value === undefined ? undefined : decodeContent(value);
    // A commit whose answer was lost comes again, and a content may have been named meanwhile.
    if (record?.stored === undefined || record.looseSince === undefined) continue;
    const { transfer, length, encoding, pieceBytes } = record.stored;
    deleted.push(layout.content(digest), layout.looseContent(record.looseSince, digest));
    const over = { length, ...(encoding === undefined ? {} : { encoding }), bytes: length, pieceBytes, isOver: true };
    set.push([layout.transfer(digest, transfer), encodeTransfer({ ...over, touched: platform.now() })]);
  }
  if (set.length === 0) return true;
  const done = await turn.commit({ ...commit, set: [...commit.set, ...set], delete: deleted });
  return done ? true : 'lost';
}
