import { deleteDB, openDB } from 'idb';

const NAME = 'elsewhere';
/** Bytes that `getRandomValues` gives at once. */
const PIECE = 65_536;
/** Bytes of a record. */
const RECORD = 16 * PIECE;

/** What a site keeps beside its replica, as tests call it in a tab. */
export const ballast = {
  /** Has the site keep so many bytes, a multiple of a mebibyte, that cannot be made smaller. */
  keepElsewhere: async (bytes: number): Promise<void> => {
    const database = await openDB(NAME, 1, { upgrade: (fresh) => void fresh.createObjectStore(NAME) });
    for (let start = 0; start < bytes; start += RECORD) await database.put(NAME, randomBytes(RECORD), start);
    database.close();
  },
  /** Throws it all out. */
  makeRoom: (): Promise<void> => deleteDB(NAME),
};

function randomBytes(length: number): ArrayBuffer {
  const bytes = new Uint8Array(length);
  for (let start = 0; start < length; start += PIECE) crypto.getRandomValues(bytes.subarray(start, start + PIECE));
  return bytes.buffer;
}
