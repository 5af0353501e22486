import { isJsonObject, type JsonObject } from '../core/json-value.ts';
import { isSequence, type Sequence } from '../couch/sequence.ts';
import { decodeJson, encodeJson } from '../kv/json.ts';
import type { Kv } from '../kv/kv.ts';
import type { Target, WriteBatch, WriteResult } from '../replica/target.ts';

/** Where a pull stands, and how that is kept: with the documents in the target, or apart from them in a store. */
export class Checkpoints {
  readonly #target: Target;
  readonly #store: Kv | undefined;
  readonly #id: string;
  readonly #source: string;

  constructor(target: Target, store: Kv | undefined, id: string, source: string) {
    this.#target = target;
    this.#store = store;
    this.#id = id;
    this.#source = source;
  }

  /** Up to where everything is stored; undefined before the first batch. */
  async read(): Promise<Sequence | undefined> {
    const value =
      this.#store === undefined ? await this.#target.readCheckpoint(this.#id) : await this.#readApart(this.#store);
    return isSequence(value?.['seq']) ? value['seq'] : undefined;
  }

  /** Writes a batch, and that everything up to a position is stored with it. */
  async write(batch: Omit<WriteBatch, 'checkpoint'>, through: Sequence | undefined): Promise<WriteResult> {
    if (through === undefined) return this.#target.writeBatch(batch);
    const value = { source: this.#source, seq: through };
    const store = this.#store;
    if (store === undefined) return this.#target.writeBatch({ ...batch, checkpoint: { id: this.#id, value } });
    const result = await this.#target.writeBatch(batch);
    await store.update([], () => ({ set: [[this.#key, encodeJson(value)]], result: undefined }));
    return result;
  }

  async #readApart(store: Kv): Promise<JsonObject | undefined> {
    const [entry] = await store.read([this.#key]);
    const value = entry === undefined ? undefined : decodeJson(entry.value);
    return isJsonObject(value) ? value : undefined;
  }

  get #key(): readonly string[] {
    return ['pull', 'checkpoint', this.#id];
  }
}
