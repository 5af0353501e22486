import { Subject } from 'rxjs';
import type { Registration } from '../shelf.ts';
import type { RegistryKey, Topic } from '../topic.ts';
import type { Contribution, DataSource } from './contribution.ts';
import { type DataKey, sameEntries } from './data-key.ts';
import type { KeptEntry } from './entry.ts';
import { RegistryView, type SourceContent } from './view.ts';

/** A source of data under its label. */
export interface Sourced {
  readonly source: string;
  /** What it was made of. */
  readonly origin: DataSource;
  readonly contribution: Contribution;
  /** Whether it is always listened to, as its plugin wants to be notified. */
  readonly isFollowed: boolean;
}

/**
 * All that is contributed to one kind of data. Sources are listened to as long as somebody holds the collection; constants and
 * others that deliver at once are in the view without that.
 */
export class Collection implements Topic {
  readonly key: RegistryKey;
  readonly updates = new Subject<void>();
  readonly data: DataKey;
  readonly #changed: (collection: Collection) => void;
  readonly #holds = new Map<Contribution, () => void>();
  #list: readonly Registration<Sourced>[] = [];
  #contents: readonly SourceContent[] = [];
  #version = 0;
  #view: RegistryView | undefined;
  #holders = 0;

  /** @param changed is called whenever there is another version */
  constructor(data: DataKey, changed: (collection: Collection) => void) {
    this.key = { type: 'data', id: data.id };
    this.data = data;
    this.#changed = changed;
  }

  get version(): number {
    return this.#version;
  }

  get list(): readonly Registration<Sourced>[] {
    return this.#list;
  }

  /** What is there now. */
  get view(): RegistryView {
    const stale = this.#list.filter(({ item }) => item.contribution.isStale).map(({ item }) => item.source);
    this.#view ??= new RegistryView(this.#contents, this.#version, stale);
    return this.#view;
  }

  /** Others contribute. */
  update(list: readonly Registration<Sourced>[]): void {
    const gone = new Set(this.#list.map(({ item }) => item.contribution));
    this.#list = list;
    for (const { item } of list) {
      // Those that are new, at least for as long as it takes to deliver what is there at once.
      if (!gone.delete(item.contribution)) this.#follow(item);
    }
    for (const contribution of gone) {
      this.#letGo(contribution);
      contribution.close();
    }
    this.refresh();
  }

  /** Looks at what the contributions hold. */
  refresh(): void {
    this.#view = undefined;
    const before = new Map(this.#contents.map((content) => [content.source, content]));
    const contents = this.#list.flatMap(({ item: { source, contribution } }): SourceContent[] => {
      const { entries } = contribution;
      if (entries === undefined) return [];
      const known = before.get(source);
      const isKnown = known?.entries === entries || (known && sameEntries(this.data, known.entries, entries));
      return [known && isKnown ? known : { source, entries, version: this.#version + 1 }];
    });
    if (contents.length === this.#contents.length && contents.every((one, i) => one === this.#contents[i])) return;
    this.#contents = contents;
    this.#version += 1;
    this.#changed(this);
  }

  /** Has all sources listened to until what this returns is called, and others who hold it have let go too. */
  hold(): () => void {
    this.#holders += 1;
    for (const { item } of this.#list) this.#follow(item);
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#holders -= 1;
      if (this.#holders > 0) return;
      for (const { item } of this.#list) if (!item.isFollowed) this.#letGo(item.contribution);
    };
  }

  byPlugin(): ReadonlyMap<string, readonly KeptEntry[]> {
    const found = new Map<string, KeptEntry[]>();
    for (const { plugin, item } of this.#list) {
      const { entries } = item.contribution;
      if (entries !== undefined) found.set(plugin, [...(found.get(plugin) ?? []), ...entries]);
    }
    return found;
  }

  isSame(before: readonly KeptEntry[], after: readonly KeptEntry[]): boolean {
    return sameEntries(this.data, before, after);
  }

  /** Ends everything. */
  close(): void {
    for (const contribution of this.#holds.keys()) this.#letGo(contribution);
    for (const { item } of this.#list) item.contribution.close();
    this.updates.complete();
  }

  #follow({ contribution, isFollowed }: Sourced): void {
    if (this.#holds.has(contribution)) return;
    const release = contribution.hold();
    if (this.#holders > 0 || isFollowed) this.#holds.set(contribution, release);
    else release();
  }

  #letGo(contribution: Contribution): void {
    this.#holds.get(contribution)?.();
    this.#holds.delete(contribution);
  }
}
