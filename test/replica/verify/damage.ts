import { decodeJson, encodeJson } from '../../../src/kv/json.ts';
import type { Key, Kv } from '../../../src/kv/kv.ts';
import { decodeHead, encodeHead } from '../../../src/replica/head.ts';
import { encodePage, Page, type PageEntry } from '../../../src/replica/pages/page.ts';
import { decodeRun, encodeRun, type Run } from '../../../src/replica/pages/run.ts';
import type { Head } from '../../../src/replica/storage.ts';

/** Takes things away from a store and puts wrong ones into it, below the replica `recipes`. */
export class Damager {
  readonly #kv: Kv;
  readonly #uuid: string;

  private constructor(kv: Kv, uuid: string) {
    this.#kv = kv;
    this.#uuid = uuid;
  }

  static async of(kv: Kv): Promise<Damager> {
    const [identity] = await kv.read([['replicas', 'recipes']]);
    if (identity === undefined) throw new Error('There is no replica of that name');
    const { uuid } = decodeJson(identity.value) as { uuid: string };
    return new Damager(kv, uuid);
  }

  /** A key below the replica. */
  key(...parts: Key): Key {
    return ['replica', this.#uuid, ...parts];
  }

  async bytes(...key: Key): Promise<Uint8Array> {
    const [entry] = await this.#kv.read([this.key(...key)]);
    if (entry === undefined) throw new Error(`Nothing is stored at ${JSON.stringify(key)}`);
    return entry.value;
  }

  async put(key: Key, value: Uint8Array | string): Promise<void> {
    const bytes = typeof value === 'string' ? new TextEncoder().encode(value) : value;
    await this.#kv.update([], () => ({ set: [[this.key(...key), bytes]], result: undefined }));
  }

  /** Removes what is there: it must be. */
  async remove(...key: Key): Promise<Uint8Array> {
    const bytes = await this.bytes(...key);
    await this.#kv.update([], () => ({ delete: [this.key(...key)], result: undefined }));
    return bytes;
  }

  /** Changes a JSON value. */
  async edit<T>(key: Key, change: (value: T) => unknown): Promise<void> {
    await this.put(key, encodeJson(change(decodeJson(await this.bytes(...key)) as T)));
  }

  /** Changes bytes. */
  async bend(key: Key, change: (bytes: Uint8Array) => Uint8Array): Promise<void> {
    await this.put(key, change(await this.bytes(...key)));
  }

  /** Changes the root of a run. */
  async run(number: number, change: (run: Run) => Partial<Run>): Promise<void> {
    const run = decodeRun(number, await this.bytes('run', number));
    await this.put(['run', number], encodeRun({ ...run, ...change(run) }));
  }

  /** Changes the entries of a page: the first of its run. */
  async page(run: number, change: (entries: readonly PageEntry[]) => readonly PageEntry[]): Promise<void> {
    const page = new Page(await this.bytes('block', run, 0));
    const entries = Array.from({ length: page.count }, (_, index) => page.entryAt(index));
    await this.put(['block', run, 0], encodePage(change(entries)));
  }

  /** Changes the one document of a page. */
  async entry(run: number, change: (entry: PageEntry) => Partial<PageEntry>): Promise<void> {
    await this.page(run, (entries) => entries.map((entry) => ({ ...entry, ...change(entry) })));
  }

  /** Changes what is known of the one document of a page. */
  async head(run: number, change: (head: Pick<Head, 'tree' | 'stored'>) => Partial<Head>): Promise<void> {
    await this.entry(run, ({ head }) => {
      const known = decodeHead(head);
      return { head: encodeHead({ ...known, ...change(known) }) };
    });
  }
}
