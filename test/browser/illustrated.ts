import { createHash } from 'node:crypto';
import { mixedHistories } from '../faults/documents.ts';
import type { Revision } from '../support/documents.ts';

/** One document of so many has a picture. */
const PICTURED = 15;
/** Bytes of pictures: some come together with others, some alone, the largest in several pieces. */
const LENGTHS = [700, 30_000, 90_000, 400_000, 900_000];

/** Documents of every kind of history, some of them with a picture. */
export function* illustrated(count: number): Generator<Revision> {
  let index = 0;
  for (const revision of mixedHistories(count)) {
    index += 1;
    if (index % PICTURED !== 0 || revision._deleted) {
      yield revision;
      continue;
    }
    const picture = { content_type: 'image/png', data: pictureOf(revision._id).toString('base64') };
    yield { ...revision, _attachments: { picture } };
  }
}

/** The bytes of the picture of a document, unlike those of any other. */
export function pictureOf(id: string): Buffer {
  const hash = createHash('sha256').update(id).digest();
  const length = LENGTHS[hash.readUInt8(0) % LENGTHS.length] ?? 0;
  return Buffer.from(Uint8Array.from({ length }, (_, at) => (hash[at % hash.length] ?? 0) ^ (at >> 5)));
}
