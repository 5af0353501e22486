import type { Key } from '../kv/kv.ts';
import { documentKey, plainPart, sha256 } from './document-key.ts';

/**
 * Every key that a replica uses, and the only place where one is made.
 *
 * | key | value |
 * |---|---|
 * | `replicas, name` | what the replica is: see `Identity` |
 * | `replica, name, counter` | what every commit changes and is guarded by: see `Counter` |
 * | `replica, name, signal` | random, new with every commit: for those who watch |
 * | `replica, name, head, id…` | a document: its revision tree, and where the bodies are |
 * | `replica, name, body, segment, part` | bodies, many in one segment |
 * | `replica, name, checkpoint, id` | where a pull stands |
 * | `replica, name, failure, id, hash` | a revision that could not be had |
 */
export class Layout {
  readonly #root: Key;
  readonly name: string;

  constructor(name: string) {
    this.name = name;
    this.#root = ['replica', name];
  }

  /** Below it stand the names of all replicas of a store. */
  static readonly names: Key = ['replicas'];

  get identity(): Key {
    return [...Layout.names, this.name];
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

  get heads(): Key {
    return [...this.#root, 'head'];
  }

  get bodies(): Key {
    return [...this.#root, 'body'];
  }

  get checkpoints(): Key {
    return [...this.#root, 'checkpoint'];
  }

  get failures(): Key {
    return [...this.#root, 'failure'];
  }

  async head(id: string): Promise<Key> {
    return [...this.heads, ...(await documentKey(id))];
  }

  body(segment: number, part: number): Key {
    return [...this.bodies, segment, part];
  }

  checkpoint(id: string): Key {
    return [...this.checkpoints, id];
  }

  /** Below it stand the failures of a document; where its id is very long, also those of ids that begin alike. */
  failuresOf(id: string): Key {
    return [...this.failures, plainPart(id)];
  }

  async failure(id: string, rev: string): Promise<Key> {
    return [...this.failuresOf(id), await sha256(JSON.stringify([id, rev]))];
  }
}

/** Whether two keys are the same. */
export function isSameKey(a: Key, b: Key): boolean {
  return a.length === b.length && a.every((part, index) => part === b[index]);
}
