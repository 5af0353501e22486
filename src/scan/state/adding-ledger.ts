import type { Key, Kv } from '../../kv/kv.ts';
import { readMany } from '../../kv/read-many.ts';
import type { Finding } from '../events.ts';
import { identityOf } from '../run/identity.ts';
import type { Mutation } from './commit.ts';
import { decodeFindings, encodeFindings } from './findings-record.ts';
import type { ScanLayout } from './layout.ts';
import type { Ledger, LedgerEntry } from './ledger.ts';

/** Adds to what the scans of a store have found. How far they have come is left as it is. */
export class AddingLedger implements Ledger {
  readonly isKept = true;
  readonly #kv: Kv;
  readonly #layout: ScanLayout;
  readonly #write: (mutations: readonly Mutation[]) => Promise<void>;

  constructor(kv: Kv, layout: ScanLayout, write: (mutations: readonly Mutation[]) => Promise<void>) {
    this.#kv = kv;
    this.#layout = layout;
    this.#write = write;
  }

  load(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  mark(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  async commit(plugin: string, { scanned, passage }: LedgerEntry): Promise<void> {
    const mutations: Mutation[] = [];
    for (const { db, phase, id, findings } of scanned) {
      if (findings.size === 0) continue;
      const key = await this.#layout.object(db, phase, plugin, id);
      const known = await this.#found(key);
      const all = new Map([...known.map((finding) => [identityOf(finding), finding] as const), ...findings]);
      const values = encodeFindings(passage, [...all.values()], this.#kv.limits.valueBytes);
      mutations.push(...values.map((value, part): Mutation => [[...key, part], value]));
    }
    await this.#write(mutations);
  }

  withdraw(): Promise<void> {
    return Promise.resolve();
  }

  forgetDatabase(): Promise<void> {
    return Promise.resolve();
  }

  keepDatabases(): Promise<void> {
    return Promise.resolve();
  }

  drop(): Promise<void> {
    return Promise.resolve();
  }

  adding(): Ledger {
    return this;
  }

  forget(): Promise<void> {
    return Promise.resolve();
  }

  async #found(key: Key): Promise<readonly Finding[]> {
    const [first] = await this.#kv.read([[...key, 0]]);
    if (first === undefined) return [];
    const { parts, findings } = decodeFindings(first);
    const others = Array.from({ length: parts - 1 }, (_, index): Key => [...key, index + 1]);
    const rest = await readMany(this.#kv, others);
    return [...findings, ...rest.flatMap((entry) => (entry === undefined ? [] : decodeFindings(entry).findings))];
  }
}
