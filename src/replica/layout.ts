import type { Key } from '../kv/kv.ts';
import { plainPart, sha256 } from './document-key.ts';

/**
 * Every key that a replica uses, and the only place where one is made.
 *
 * | key | value |
 * |---|---|
 * | `replicas, name` | what the replica is: see `Identity` |
 * | `replica, name, counter` | what every commit changes and is guarded by: see `Counter` |
 * | `replica, name, signal` | random, new with every commit: for those who watch |
 * | `replica, name, run, number` | documents in the order of their ids: the root of a tree of pages. See `Run` |
 * | `replica, name, block, run, number` | a page of documents, or a node of that tree |
 * | `replica, name, body, number` | bodies, many together |
 * | `replica, name, sequence, seq, number` | which documents have changed, in the order of changes |
 * | `replica, name, upkeep, job` | work on these records that is under way |
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

  run(number: number): Key {
    return [...this.runs, number];
  }

  block(run: number, number: number): Key {
    return [...this.blocks, run, number];
  }

  body(number: number): Key {
    return [...this.bodies, number];
  }

  /** @param writer tells apart what several have written of one change */
  sequenced(seq: number, writer: number): Key {
    return [...this.sequence, seq, writer];
  }

  /** Not above the keys of a change. */
  sequencedFrom(seq: number): Key {
    return [...this.sequence, seq];
  }

  job(name: string): Key {
    return [...this.upkeep, name];
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
