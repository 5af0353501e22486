import { isCouchError, ProtocolError } from '../../core/errors.ts';
import type { Database, DatabaseInfo } from '../../couch/database.ts';
import type { Sequence } from '../../couch/feed/sequence.ts';
import type { RowBatch } from './batches.ts';
import { creationOf, fateOf, goesBack } from './identity.ts';

/** What is being read is not the database any more in which the reading began, or has lost changes. */
export class SourceChangedError extends ProtocolError {}

/** Makes sure while a source is read that it stays the same database. */
export class SourceWatch {
  readonly #source: Database;
  readonly #created: string | undefined;

  /** @param info what the source said when the reading began */
  constructor(source: Database, info: DatabaseInfo) {
    this.#source = source;
    this.#created = creationOf(info);
  }

  /**
   * Asks the source whether it still is what it was. One request.
   *
   * @throws SourceChangedError when it is not
   */
  async check(position: Sequence, signal: AbortSignal): Promise<void> {
    const fate = fateOf({ seq: position, created: this.#created }, await this.#source.info({ signal }));
    if (fate === 'same') return;
    const said = fate === 'rewound' ? 'has lost changes that it had' : 'is another database than before';
    throw new SourceChangedError(`${this.#source.url} ${said}; it is to be read from its beginning`, true);
  }

  /**
   * Passes on the batches of a reading that begins after a position, and checks the source where there is reason to doubt:
   * where its sequences go back, and where a live feed had to connect anew.
   *
   * @throws SourceChangedError before the first batch of another database is passed on
   */
  async *over(
    batches: AsyncIterable<RowBatch>,
    since: Sequence | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<RowBatch, void, undefined> {
    let position = since;
    for await (const batch of batches) {
      const isDoubtful = batch.reconnected === true || comesBack(batch, position);
      if (isDoubtful && position !== undefined) await this.check(position, signal);
      position = batch.through ?? position;
      if (batch.rows.length > 0 || batch.through !== undefined) yield batch;
    }
  }
}

/** Whether the sequences of a batch go back somewhere. */
function comesBack({ rows, through }: RowBatch, since: Sequence | undefined): boolean {
  let last = since;
  for (const seq of [...rows.map((row) => row.seq), through]) {
    if (seq === null || seq === undefined) continue;
    if (last !== undefined && goesBack(last, seq)) return true;
    last = seq;
  }
  return false;
}

/** Whether a source has refused a position, so that it cannot have been the one that gave it. */
export function isForeignPosition(error: unknown): boolean {
  return isCouchError(error) && error.status === 400 && error.reason.startsWith('Malformed sequence');
}
