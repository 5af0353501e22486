import type { Revision } from '../support/documents.ts';

/** Long enough that a batch takes a while to be sent and to be stored. */
const TEXT = 'a document that is neither short nor long, as many are '.repeat(12);

/**
 * Documents of every kind of history, one tenth of the first half deep, conflicted or deleted, and half of the second
 * half: a pull has to do all it can.
 */
export function* mixedHistories(count: number): Generator<Revision> {
  for (let index = 0; index < count; index += 1) {
    const isPlain = index < count / 2 ? index % 10 !== 0 : index % 2 === 0;
    const _id = `document-${(index * 7919) % count}-${index}`;
    if (isPlain) {
      yield { _id, _rev: `1-${index.toString(16)}`, index, text: TEXT };
      continue;
    }
    const ids = Array.from({ length: 2 + (index % 4) }, (_, age) => `${age}${index.toString(16)}`);
    const history = { start: ids.length, ids };
    const _rev = `${history.start}-${ids[0]}`;
    yield index % 3 === 0
      ? { _id, _rev, _revisions: history, _deleted: true, why: 'no longer wanted' }
      : { _id, _rev, _revisions: history, index, text: TEXT };
    if (index % 4 === 1) yield { _id, _rev: '1-loser', index, text: 'the losing side of a conflict' };
  }
}
