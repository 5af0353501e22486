import { sha256 } from '../core/sha256.ts';
import type { Key } from '../kv/kv.ts';
import { plainPart } from './document-key.ts';

/**
 * Every key that a replica uses, and the only place where one is made. All but the first have the uuid in them, so that who still holds
 * a replica which was destroyed, and made anew under its name, meets nothing of the new one.
 *
 * | key | value |
 * |---|---|
 * | `replicas, name` | what the replica is: see `Identity` |
 * | `replica, uuid, counter` | what every commit changes and is guarded by: see `Counter` |
 * | `replica, uuid, signal` | random, new with every commit: for those who watch |
 * | `replica, uuid, run, number` | documents in the order of their ids: the root of a tree of pages. See `Run` |
 * | `replica, uuid, block, run, number` | a page of documents, or a node of that tree |
 * | `replica, uuid, body, number` | bodies, many together |
 * | `replica, uuid, sequence, seq` | which documents have changed up to this change, in the order of changes |
 * | `replica, uuid, upkeep, job` | work on these records that is under way |
 * | `replica, uuid, checkpoint, id` | where a pull stands |
 * | `replica, uuid, failure, id, hash` | a revision, or the content of an attachment, that could not be had |
 * | `replica, uuid, content, digest` | the content of attachments: who names it, and where it is. See `ContentRecord` |
 * | `replica, uuid, piece, digest, transfer, number` | a piece of a content |
 * | `replica, uuid, transfer, digest, transfer` | a content on its way: see `TransferRecord` |
 * | `replica, uuid, loose, time, digest` | a content that nobody has named since then |
 */
export class Layout {
  readonly #root: Key;
  readonly name: string;
  readonly uuid: string;

  constructor(name: string, uuid: string) {
    this.name = name;
    this.uuid = uuid;
    this.#root = ['replica', uuid];
  }

  /** Below it stand the names of all replicas of a store. */
  static readonly names: Key = ['replicas'];

  /** Where the replica of a name says what it is. */
  static identityOf(name: string): Key {
    return [...Layout.names, name];
  }

  get identity(): Key {
    return Layout.identityOf(this.name);
  }

  /** Below it stands everything but the identity. */
  get root(): Key {
    return this.#root;
  }

  get counter(): Key {
    return [...this.#root, 'counter'];
  }

  get signal(): Key {
    return [...this.#root, 'signal'];
  }

  get runs(): Key {
    return [...this.#root, 'run'];
  }

  get blocks(): Key {
    return [...this.#root, 'block'];
  }

  get bodies(): Key {
    return [...this.#root, 'body'];
  }

  get sequence(): Key {
    return [...this.#root, 'sequence'];
  }

  get upkeep(): Key {
    return [...this.#root, 'upkeep'];
  }

  get checkpoints(): Key {
    return [...this.#root, 'checkpoint'];
  }

  get failures(): Key {
    return [...this.#root, 'failure'];
  }

  get contents(): Key {
    return [...this.#root, 'content'];
  }

  get pieces(): Key {
    return [...this.#root, 'piece'];
  }

  get transfers(): Key {
    return [...this.#root, 'transfer'];
  }

  get loose(): Key {
    return [...this.#root, 'loose'];
  }

  run(number: number): Key {
    return [...this.runs, number];
  }

  block(run: number, number: number): Key {
    return [...this.blocks, run, number];
  }

  body(number: number): Key {
    return [...this.bodies, number];
  }

  /** @param seq the last change of the record */
  sequenced(seq: number): Key {
    return [...this.sequence, seq];
  }

  job(name: string): Key {
    return [...this.upkeep, name];
  }

  checkpoint(id: string): Key {
    return [...this.checkpoints, id];
  }

  content(digest: string): Key {
    return [...this.contents, digest];
  }

  /** @param since in milliseconds since 1970 */
  looseContent(since: number, digest: string): Key {
    return [...this.loose, since, digest];
  }

  /** Below it stands what is on its way of a content. */
  transfersOf(digest: string): Key {
    return [...this.transfers, digest];
  }

  transfer(digest: string, transfer: string): Key {
    return [...this.transfersOf(digest), transfer];
  }

  /** Below it stand the pieces that one transfer has brought. */
  piecesOf(digest: string, transfer: string): Key {
    return [...this.pieces, digest, transfer];
  }

  piece(digest: string, transfer: string, number: number): Key {
    return [...this.piecesOf(digest, transfer), number];
  }

  /** Below it stand the failures of a document; where its id is very long, also those of ids that begin alike. */
  failuresOf(id: string): Key {
    return [...this.failures, plainPart(id)];
  }

  /** @param attachment where only the content of that could not be had */
  async failure(id: string, rev: string, attachment?: string): Promise<Key> {
    const name = attachment === undefined ? [id, rev] : [id, rev, attachment];
    return [...this.failuresOf(id), await sha256(JSON.stringify(name))];
  }
}

/** Whether two keys are the same. */
export function isSameKey(a: Key, b: Key): boolean {
  return a.length === b.length && a.every((part, index) => part === b[index]);
}
