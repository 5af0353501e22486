import { sha256 } from '../../core/sha256.ts';
import type { Key } from '../../kv/kv.ts';
import { plainPart } from '../../replica/document-key.ts';
import type { Phase } from '../run/scanned.ts';

/**
 * Every key that scans use, and the only place where one is made. A name or an id that is too long for a key stands in it by its
 * beginning and a hash.
 *
 * | key | value |
 * |---|---|
 * | `scans, scan` | that there is a scan of this id, and of what |
 * | `scan, scan, checkpoint, plugin` | where a plugin stands: see `Checkpoint` |
 * | `scan, scan, part, plugin, number` | the same of a part of a scan that is split |
 * | `scan, scan, run, plugin` | how a scan that is split stands: see `RunRecord` |
 * | `scan, scan, settings` | what a scanner was told: see `ScannerSettings` |
 * | `scan, scan, mark, plugin, database, hash` | up to where a database has been scanned: see `DatabaseMark` |
 * | `scan, scan, finding, database, hash, phase, plugin, document, hash, number` | what was found in one document: see `FindingsRecord` |
 */
export class ScanLayout {
  readonly id: string;
  readonly #root: Key;

  constructor(id: string) {
    this.id = id;
    this.#root = ['scan', id];
  }

  /** Below it stand the ids of all scans of a store. */
  static readonly scans: Key = ['scans'];

  get itself(): Key {
    return [...ScanLayout.scans, this.id];
  }

  /** Below it stands everything else. */
  get root(): Key {
    return this.#root;
  }

  checkpoint(plugin: string): Key {
    return [...this.checkpoints, plugin];
  }

  get checkpoints(): Key {
    return [...this.#root, 'checkpoint'];
  }

  /** Below it stand the checkpoints of the parts of a plugin's scan. */
  parts(plugin: string): Key {
    return [...this.#root, 'part', plugin];
  }

  part(plugin: string, number: number): Key {
    return [...this.parts(plugin), number];
  }

  run(plugin: string): Key {
    return [...this.runs, plugin];
  }

  get runs(): Key {
    return [...this.#root, 'run'];
  }

  get settings(): Key {
    return [...this.#root, 'settings'];
  }

  async mark(plugin: string, db: string): Promise<Key> {
    return [...this.marks(plugin), ...(await named(db))];
  }

  /** Below it stand the marks of a plugin. */
  marks(plugin: string): Key {
    return [...this.#root, 'mark', plugin];
  }

  /** Below it stand all findings. */
  get findings(): Key {
    return [...this.#root, 'finding'];
  }

  /** Below it stand the findings in a database. */
  async findingsOf(db: string): Promise<Key> {
    return [...this.findings, ...(await named(db))];
  }

  /** Below it stand a plugin's findings in a database, of one phase. */
  async findingsIn(db: string, phase: Phase, plugin: string): Promise<Key> {
    return [...(await this.findingsOf(db)), phase, plugin];
  }

  /** Below it stand the parts of what was found in one object. */
  async object(db: string, phase: Phase, plugin: string, id: string): Promise<Key> {
    return [...(await this.findingsIn(db, phase, plugin)), ...(await named(id))];
  }
}

/** Two parts of a key by which a name is known. */
async function named(name: string): Promise<[string, string]> {
  const plain = plainPart(name);
  return [plain, plain === name ? '' : await sha256(name)];
}
