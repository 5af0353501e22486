import { decodeJson, encodeJson } from '../../kv/json.ts';
import type { Key, Kv } from '../../kv/kv.ts';
import { listPages } from '../../kv/list.ts';
import { readMany } from '../../kv/read-many.ts';
import { sweep } from '../../kv/sweep.ts';
import type { Finding } from '../events.ts';
import type { Scanned } from '../run/scanned.ts';
import { AddingLedger } from './adding-ledger.ts';
import { asCheckpoint, asMark, type Checkpoint, type DatabaseMark } from './checkpoint.ts';
import type { Commit, Mutation } from './commit.ts';
import { decodeFindings, encodeFindings } from './findings-record.ts';
import type { ScanLayout } from './layout.ts';
import type { Ledger, LedgerEntry } from './ledger.ts';

/** Keeps the state of a scan and what it finds in a store. */
export class StoreLedger implements Ledger {
  readonly isKept = true;
  readonly #kv: Kv;
  readonly #layout: ScanLayout;
  readonly #commit: Commit;

  readonly #checkpointOf: (plugin: string) => Key;

  /**
   * @param commit how it is written, such as by `Job.guard`
   * @param checkpointOf where the checkpoint of a plugin is, if not where that of a whole scan is
   */
  constructor(kv: Kv, layout: ScanLayout, commit: Commit, checkpointOf?: (plugin: string) => Key) {
    this.#kv = kv;
    this.#layout = layout;
    this.#commit = commit;
    this.#checkpointOf = checkpointOf ?? ((plugin) => layout.checkpoint(plugin));
  }

  async load(plugin: string): Promise<Checkpoint | undefined> {
    const [entry] = await this.#kv.read([this.#checkpointOf(plugin)]);
    return entry === undefined ? undefined : asCheckpoint(decodeJson(entry.value));
  }

  async mark(plugin: string, db: string): Promise<DatabaseMark | undefined> {
    const [entry] = await this.#kv.read([await this.#layout.mark(plugin, db)]);
    return entry === undefined ? undefined : asMark(decodeJson(entry.value));
  }

  async commit(plugin: string, { checkpoint, scanned, marks, designDocsOf, passage }: LedgerEntry): Promise<void> {
    const withdraws = checkpoint.extent === 'changes';
    const mutations: Mutation[] = await this.#findings(plugin, scanned, passage, withdraws);
    if (withdraws) {
      for (const db of designDocsOf) mutations.push(...(await this.#oldDesignDocs(plugin, db, passage, scanned)));
    }
    for (const { db, mark } of marks) mutations.push([await this.#layout.mark(plugin, db), encodeJson(mark)]);
    mutations.push([this.#checkpointOf(plugin), encodeJson(checkpoint)]);
    await this.#writeAll(mutations);
  }

  async withdraw(plugin: string, passage: string): Promise<void> {
    let old: Mutation[] = [];
    for await (const entries of listPages(this.#kv, { prefix: this.#layout.findings })) {
      for (const entry of entries) {
        if (entry.key.at(PLUGIN) === plugin && decodeFindings(entry).passage !== passage)
          old.push([entry.key, undefined]);
      }
      await this.#writeAll(old);
      old = [];
    }
  }

  async forgetDatabase(plugin: string, db: string): Promise<void> {
    await this.#sweepFindings(await this.#layout.findingsOf(db), plugin);
    await this.#write([[await this.#layout.mark(plugin, db), undefined]]);
  }

  async keepDatabases(plugin: string, names: ReadonlySet<string>): Promise<void> {
    const marks = await Promise.all(Array.from(names, (name) => this.#layout.mark(plugin, name)));
    const there = new Set(marks.map((key) => JSON.stringify(key)));
    for await (const entries of listPages(this.#kv, { prefix: this.#layout.marks(plugin) })) {
      for (const { key } of entries) {
        if (there.has(JSON.stringify(key))) continue;
        // A mark ends with the two parts of the database's name, and so begin the keys of what was found in it.
        await this.#sweepFindings([...this.#layout.findings, ...key.slice(-2)], plugin);
        await this.#write([[key, undefined]]);
      }
    }
  }

  async #sweepFindings(prefix: Key, plugin: string): Promise<void> {
    for await (const entries of listPages(this.#kv, { prefix })) {
      const found = entries.filter(({ key }) => key.at(PLUGIN) === plugin);
      await this.#writeAll(found.map(({ key }): Mutation => [key, undefined]));
    }
  }

  async drop(plugin: string, isStale: (finding: Finding) => boolean): Promise<void> {
    for await (const entries of listPages(this.#kv, { prefix: this.#layout.findings })) {
      const changed = entries.flatMap((entry): Mutation[] => {
        if (entry.key.at(PLUGIN) !== plugin) return [];
        const record = decodeFindings(entry);
        const findings = record.findings.filter((finding) => !isStale(finding));
        if (findings.length === record.findings.length) return [];
        // Of several parts none is taken out, as they are counted.
        const isGone = findings.length === 0 && record.parts === 1;
        return [[entry.key, isGone ? undefined : encodeJson({ ...record, findings })]];
      });
      await this.#writeAll(changed);
    }
  }

  adding(): Ledger {
    return new AddingLedger(this.#kv, this.#layout, (mutations) => this.#writeAll(mutations));
  }

  async forget(plugin: string): Promise<void> {
    await this.#write([[this.#checkpointOf(plugin), undefined]]);
    await sweep(this.#kv, this.#layout.marks(plugin));
  }

  /** What was found in each object takes the place of what was found in it before. */
  async #findings(
    plugin: string,
    scanned: readonly Scanned[],
    passage: string,
    withdraws: boolean,
  ): Promise<Mutation[]> {
    const { valueBytes } = this.#kv.limits;
    const objects: { readonly key: Key; readonly values: readonly Uint8Array[] }[] = [];
    for (const { db, phase, id, findings } of scanned) {
      if (findings.size === 0 && !withdraws) continue;
      const key = await this.#layout.object(db, phase, plugin, id);
      objects.push({ key, values: encodeFindings(passage, [...findings.values()] as Finding[], valueBytes) });
    }
    const first = withdraws
      ? await readMany(
          this.#kv,
          objects.map(({ key }) => [...key, 0]),
        )
      : [];
    return objects.flatMap(({ key, values }, index) => {
      const before = first[index];
      const parts = before === undefined ? 0 : decodeFindings(before).parts;
      const set = values.map((value, part): Mutation => [[...key, part], value]);
      const old = Array.from({ length: Math.max(0, parts - values.length) }, (_, part): Mutation => {
        return [[...key, values.length + part], undefined];
      });
      return [...set, ...old];
    });
  }

  /** What was found in design documents that are gone. */
  async #oldDesignDocs(plugin: string, db: string, passage: string, scanned: readonly Scanned[]): Promise<Mutation[]> {
    const seen = new Set(scanned.filter(({ db: of, phase }) => of === db && phase === 'ddoc').map(({ id }) => id));
    const old: Mutation[] = [];
    const prefix = await this.#layout.findingsIn(db, 'ddoc', plugin);
    for await (const entries of listPages(this.#kv, { prefix })) {
      for (const entry of entries) {
        const record = decodeFindings(entry);
        const id = record.findings[0]?.id;
        if (record.passage !== passage && (id === undefined || !seen.has(id))) old.push([entry.key, undefined]);
      }
    }
    return old;
  }

  async #writeAll(mutations: readonly Mutation[]): Promise<void> {
    for (const some of this.#batches(mutations)) await this.#write(some);
  }

  #write(mutations: readonly Mutation[]): Promise<void> {
    return this.#commit(() => ({
      set: mutations.flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const])),
      delete: mutations.flatMap(([key, value]) => (value === undefined ? [key] : [])),
      result: undefined,
    }));
  }

  /** As many at once as the store takes, in their order. */
  *#batches(mutations: readonly Mutation[]): Generator<Mutation[], void, undefined> {
    const { mutationsPerUpdate, bytesPerUpdate, keyBytesPerUpdate } = this.#kv.limits;
    const most = Math.max(
      1,
      Math.min(mutationsPerUpdate - RESERVED, Math.floor(keyBytesPerUpdate / LONGEST_KEY) - RESERVED),
    );
    let some: Mutation[] = [];
    let bytes = 0;
    for (const mutation of mutations) {
      const size = (mutation[1]?.byteLength ?? 0) + LONGEST_KEY;
      if (some.length > 0 && (some.length >= most || bytes + size > bytesPerUpdate - RESERVED * LONGEST_KEY)) {
        yield some;
        [some, bytes] = [[], 0];
      }
      some.push(mutation);
      bytes += size;
    }
    if (some.length > 0) yield some;
  }
}

/** Where in the key of a finding its plugin stands, from the end. */
const PLUGIN = -4;

/** What whoever commits adds of his own, at the most. */
const RESERVED = 3;

const LONGEST_KEY = 2048;
