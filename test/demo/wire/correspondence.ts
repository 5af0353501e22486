import { inflateSync } from 'node:zlib';
import { type DecodedSequence, decodeSequence, describeSequence, SEQUENCES } from './sequence-text.ts';

/**
 * Which parts of an answer a server makes up, and may therefore be others than in the recording: but the same part of the
 * recording must always be the same part of the answers, and the other way round.
 */
const MADE_UP: readonly { readonly kind: string; readonly pattern: RegExp }[] = [
  { kind: 'shard', pattern: /(?<=\b\d+-\[[^\]\n]*@)[^ \]\n]+/g },
  { kind: 'boundary', pattern: /(?<=\bboundary="?-*|--)[0-9a-f]{32}\b/g },
  { kind: 'uuid', pattern: /(?<="uuids?":\[?"(?:[0-9a-f]{32}",")*)[0-9a-f]{32}/g },
  { kind: 'tag', pattern: /(?<=^ETag: ")[0-9A-Z]{20,25}(?="$)/gm },
  { kind: 'cookie', pattern: /(?<=\bAuthSession=)[A-Za-z0-9_-]+/g },
];

/** What says nothing but how long something took or how large a file is: any number will do. */
const MEASURED: readonly RegExp[] = [
  /(?<=^X-CouchDB-Body-Time: )\d+$/gm,
  /(?<="sizes":\{"file":)\d+(?=,)/g,
  /(?<="sizes":\{"file":[^}]*"external":)\d+(?=,)/g,
  /(?<="sizes":\{"file":[^}]*"active":)\d+(?=\})/g,
];

/** Ten hex digits, new with every answer. */
const REQUEST_ID = /(?<=^X-Couch-Request-ID: )[0-9a-f]{10}$/gm;

/** The pairs of what the recording has and what a server under test made up in its place. */
export class Correspondence {
  readonly #served = new Map<string, string>();
  readonly #recorded = new Map<string, string>();
  /** Sequences as they stand, for requests that hand them back. */
  readonly #sequences = new Map<string, string>();

  /** The text of an answer in a form in which it can be compared with {@link Correspondence.translate}'s. */
  canonical(recorded: string): string {
    return withoutMeasures(describeBookmarks(describeSequences(recorded)));
  }

  /**
   * The canonical text of an answer of the server under test, what it made up replaced by what the recording has for it.
   * Parts that have no counterpart, or another one, stay as they are, for the comparison to find.
   */
  translate(served: string, recorded: string): string {
    this.#pairSequences(recorded, served);
    const expected = this.canonical(recorded);
    let text = this.canonical(served);
    for (const { kind, pattern } of MADE_UP) {
      const counterparts = Array.from(expected.matchAll(pattern), ([part]) => part);
      let index = 0;
      text = text.replace(pattern, (part) => this.#pair(kind, counterparts[index++], part));
    }
    return text;
  }

  /** A request as it is to be sent to the server under test: with what that server made up for earlier answers. */
  request(recorded: string): string {
    // A sequence may stand between encoded quotes, whose digits are not its own.
    const parts = recorded
      .split('%22')
      .map((part) => part.replace(SEQUENCES, (known) => this.#sequences.get(known) ?? known));
    const tags = parts
      .join('%22')
      .replace(/(?<=^If-None-Match: ")[0-9A-Z]{20,25}(?="$)/gm, (tag) => this.#toServed('tag', tag));
    return tags.replace(/(?<=\bAuthSession=)[A-Za-z0-9_-]+/g, (cookie) => this.#cookie(cookie));
  }

  /** Says that a sequence of the recording stands for one of the server under test. */
  addSequence(recorded: string, served: string): void {
    this.#sequences.set(recorded, served);
  }

  #pair(kind: string, recorded: string | undefined, served: string): string {
    if (recorded === undefined) return served;
    const known = this.#recorded.get(`${kind} ${served}`);
    if (known !== undefined) return known;
    // Something else was already paired with it: the server has two where the recording has one.
    if (this.#served.has(`${kind} ${recorded}`)) return served;
    this.#recorded.set(`${kind} ${served}`, recorded);
    this.#served.set(`${kind} ${recorded}`, served);
    return recorded;
  }

  #pairSequences(recorded: string, served: string): void {
    const counterparts = served.match(SEQUENCES) ?? [];
    for (const [index, sequence] of (recorded.match(SEQUENCES) ?? []).entries()) {
      const counterpart = counterparts[index];
      if (counterpart !== undefined) this.#sequences.set(sequence, counterpart);
    }
  }

  #toServed(kind: string, recorded: string): string {
    return this.#served.get(`${kind} ${recorded}`) ?? recorded;
  }

  /** A cookie that was tampered with is tampered with in the same way. */
  #cookie(recorded: string): string {
    for (const [key, served] of this.#served) {
      const [kind, original = ''] = key.split(' ');
      const tampered = recorded.length === original.length && recorded.slice(0, -4) === original.slice(0, -4);
      if (kind !== 'cookie' || !tampered) continue;
      return recorded === original ? served : `${served.slice(0, -4)}${recorded.slice(-4)}`;
    }
    return recorded;
  }
}

function describeSequences(text: string): string {
  return text.replace(SEQUENCES, (sequence) => {
    const decoded: DecodedSequence | undefined = decodeSequence(sequence);
    return decoded === undefined ? sequence : describeSequence(decoded);
  });
}

/** What a bookmark says, which every zlib compresses in its own way. */
function describeBookmarks(text: string): string {
  return text.replace(/(?<="bookmark": ")g1AAAA[A-Za-z0-9_-]+/g, (bookmark) => {
    return inflateSync(Buffer.from(bookmark, 'base64url').subarray(6)).toString('hex');
  });
}

function withoutMeasures(text: string): string {
  const measured = MEASURED.reduce((rest, pattern) => rest.replace(pattern, '#'), text);
  return measured.replace(REQUEST_ID, '#');
}
