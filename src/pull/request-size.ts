/** Entries of one request at the most. */
const MOST_ENTRIES = 500;
/** Revisions that one answer brings at the most for each of them, as an entry may ask for all leaves of a document. */
const REVISIONS_PER_ENTRY = 4;
/** Text that one answer should bring, in UTF-16 units. */
const ANSWER_LENGTH = 2 * 1024 * 1024;

/**
 * How many revisions one request asks for: as many as make an answer of about two million characters, judged by those that
 * came before, and no more than half of what has failed. So a source of large documents fills no memory, and one of small ones
 * costs few requests.
 */
export class RequestSize {
  /** Length of a document, the newer ones counting more. */
  #mean: number;
  #most = MOST_ENTRIES;

  /** @param estimate of the length of a document, where there is one */
  constructor(estimate = 0) {
    this.#mean = estimate;
  }

  /** Entries of one request. */
  get entries(): number {
    return Math.max(1, Math.min(this.#most, this.#fitting));
  }

  /** Revisions of one answer. */
  get revisions(): number {
    return Math.max(1, Math.min(this.#most * REVISIONS_PER_ENTRY, this.#fitting));
  }

  /** Documents that fit into one answer. */
  get #fitting(): number {
    return this.#mean === 0 ? MOST_ENTRIES : Math.floor(ANSWER_LENGTH / this.#mean);
  }

  /** A request has brought so many revisions of so much text. */
  learn(count: number, length: number): void {
    if (count === 0) return;
    const mean = length / count;
    // What has grown counts at once, or the next requests bring too much before the mean has followed.
    this.#mean = mean > this.#mean ? mean : this.#mean * 0.7 + mean * 0.3;
    this.#most = Math.min(MOST_ENTRIES, Math.ceil(this.#most * 1.25));
  }

  /** A request for so many has failed as it would if they were too many. */
  fail(count: number): void {
    this.#most = Math.max(1, Math.min(this.#most, Math.floor(count / 2)));
  }
}
