import { Subject } from 'rxjs';
import { ClosedError, InputError, PluginError } from '../core/errors.ts';
import { isPromise } from '../core/is-promise.ts';
import type { Platform } from '../core/platform.ts';
import { Announcements, type RegistryChange } from './announcements.ts';
import { Collection, type Sourced } from './data/collection.ts';
import type { DataKey } from './data/data-key.ts';
import type { Part } from './parts.ts';
import type { Plugin } from './registry.ts';
import { Retirement } from './retirement.ts';
import { Shelf } from './shelf.ts';
import { Roster } from './topic.ts';

/** A plugin in use. */
export interface PluginEntry {
  readonly plugin: Plugin;
  /** Who has registered what it has registered. Another number each time the plugin is replaced. */
  readonly owner: number;
  /** The owner that has added it. */
  readonly parent: number;
  /** Calls what its setup has returned. */
  readonly end: () => void;
}

/** Everything that is contributed, at one moment. */
export interface Contents {
  readonly services: Shelf<object>;
  readonly data: Shelf<Sourced>;
  readonly parts: Shelf<Part>;
  /** In the order in which they were added. */
  readonly plugins: ReadonlyMap<number, PluginEntry>;
}

/** One kind of what is contributed, as a part of the whole. */
export interface Kind<T> {
  readonly of: (contents: Contents) => Shelf<T>;
  readonly into: (contents: Contents, shelf: Shelf<T>) => Contents;
}

export const SERVICES: Kind<object> = {
  of: ({ services }) => services,
  into: (contents, services) => ({ ...contents, services }),
};

export const DATA: Kind<Sourced> = {
  of: ({ data }) => data,
  into: (contents, data) => ({ ...contents, data }),
};

export const PARTS: Kind<Part> = {
  of: ({ parts }) => parts,
  into: (contents, parts) => ({ ...contents, parts }),
};

/** Milliseconds that calls in a provider may still take once it has been replaced, before it is disposed of. */
const GRACE = 30_000;

/**
 * What a registry holds. It goes from one state to the next as a whole: a change that fails has never been, and what
 * others see is always the outcome of whole changes.
 */
export class Ledger {
  readonly platform: Platform;
  readonly errors = new Subject<PluginError>();
  readonly changes = new Subject<RegistryChange>();
  readonly retirement: Retirement;
  readonly #ended = new AbortController();
  readonly #announcements = new Announcements((change) => this.#announce(change));
  readonly #rosters = new Map<string, Roster<unknown>>();
  readonly #collections = new Map<string, Collection>();
  /** What those hold who follow everything. */
  readonly #followers = new Set<(() => void)[]>();
  #contents: Contents = { services: new Shelf(), data: new Shelf(), parts: new Shelf(), plugins: new Map() };
  #draft: Contents | undefined;
  #afterwards: { readonly kept: () => void; readonly undone: () => void }[] = [];
  #last = 0;

  constructor(platform: Platform) {
    this.platform = platform;
    this.retirement = new Retirement(platform, GRACE, this.#ended.signal, (plugin, cause) => {
      this.report(plugin, 'has a provider that could not be disposed of', cause);
    });
  }

  /** What there is, with what the batch that is under way has changed of it. */
  get contents(): Contents {
    return this.#draft ?? this.#contents;
  }

  get isClosed(): boolean {
    return this.#ended.signal.aborted;
  }

  /** @throws ClosedError once it is closed */
  refuseClosed(): void {
    if (this.isClosed) throw new ClosedError('The registry is disposed of');
  }

  /** A number that is greater than all before. */
  next(): number {
    this.#last += 1;
    return this.#last;
  }

  /** Changes what there is, at once or with the batch that is under way. */
  edit(change: (contents: Contents) => Contents): void {
    this.batch(() => {
      this.#draft = change(this.contents);
    });
  }

  /** Makes many changes into one, which takes place when the function has returned, and not at all when it throws. */
  batch<R>(change: () => R): R {
    this.refuseClosed();
    const outer = this.#draft;
    const queued = this.#afterwards.length;
    this.#draft = this.contents;
    let result: R;
    try {
      result = change();
      if (isPromise(result)) throw new InputError('A batch ends when its function returns: it cannot be async');
    } catch (error) {
      this.#draft = outer;
      for (const { undone } of this.#afterwards.splice(queued).reverse()) undone();
      throw error;
    }
    if (outer === undefined) this.#commit();
    return result;
  }

  /** Has something done once the batch that is under way has taken place, or once it is clear that it will not. */
  afterwards(kept: () => void, undone: () => void = () => {}): void {
    this.#afterwards.push({ kept, undone });
  }

  /** Takes back all that an owner has registered, and the plugins that it has added. */
  withdraw(owner: number): void {
    this.edit((contents) => ({
      ...contents,
      services: contents.services.withoutOwner(owner),
      data: contents.data.withoutOwner(owner),
      parts: contents.parts.withoutOwner(owner),
    }));
    for (const [id, { parent }] of this.contents.plugins) if (parent === owner) this.remove(id);
  }

  /** Takes a plugin out of use; nothing happens when it is not in use. */
  remove(id: number): void {
    const entry = this.contents.plugins.get(id);
    if (entry === undefined) return;
    this.batch(() => {
      this.withdraw(entry.owner);
      this.edit((contents) => ({
        ...contents,
        plugins: new Map([...contents.plugins].filter(([other]) => other !== id)),
      }));
      this.afterwards(entry.end);
    });
  }

  roster<T>(type: 'service' | 'parts', id: string): Roster<T> {
    const name = `${type} ${id}`;
    const roster = this.#rosters.get(name) ?? new Roster({ type, id });
    this.#rosters.set(name, roster);
    return roster as Roster<T>;
  }

  /** @throws InputError for other data of the same id */
  collection(data: DataKey): Collection {
    const known = this.#collections.get(data.id);
    if (known !== undefined && known.data.unordered !== data.unordered) {
      throw new InputError(`Data "${data.id}" are defined twice, once with an order and once without`);
    }
    return known ?? this.#begin(new Collection(data, (changed) => this.#announcements.mark(changed)));
  }

  /** All kinds of data that somebody has asked for or contributed to. */
  get collections(): Iterable<Collection> {
    return this.#collections.values();
  }

  /** Has all data listened to until what this returns is called. */
  followAll(): () => void {
    const holds = [...this.#collections.values()].map((collection) => collection.hold());
    this.#followers.add(holds);
    return () => {
      this.#followers.delete(holds);
      for (const release of holds.splice(0)) release();
    };
  }

  /** Tells of a failure that nobody else is told of. */
  report(plugin: string, what: string, cause: unknown, key?: string): void {
    this.errors.next(pluginError(plugin, what, cause, key));
  }

  /** Ends everything that was not disposed of before. */
  close(): void {
    this.#ended.abort();
    for (const collection of this.#collections.values()) collection.close();
    for (const roster of this.#rosters.values()) roster.updates.complete();
    this.changes.complete();
    this.errors.complete();
  }

  #begin(collection: Collection): Collection {
    this.#collections.set(collection.data.id, collection);
    for (const holds of this.#followers) holds.push(collection.hold());
    return collection;
  }

  #commit(): void {
    const before = this.#contents;
    this.#contents = this.contents;
    this.#draft = undefined;
    for (const id of changedKeys(before.services, this.#contents.services)) {
      const list = this.#contents.services.at(id);
      for (const { item, plugin } of list) this.retirement.engage(item, plugin);
      for (const { item } of before.services.at(id)) this.retirement.retire(item);
      this.#show(this.roster('service', id), list);
    }
    for (const id of changedKeys(before.parts, this.#contents.parts)) {
      this.#show(this.roster('parts', id), this.#contents.parts.at(id));
    }
    for (const id of changedKeys(before.data, this.#contents.data)) {
      // Looked up each time: a source that is listened to for the first time may change the registry itself.
      this.#collections.get(id)?.update(this.#contents.data.at(id));
    }
    for (const { kept } of this.#afterwards.splice(0)) kept();
  }

  #show<T>(roster: Roster<T>, list: Roster<T>['list']): void {
    roster.list = list;
    this.#announcements.mark(roster);
  }

  #pluginOf(name: string): Plugin | undefined {
    for (const { plugin } of this.#contents.plugins.values()) if (plugin.name === name) return plugin;
    return undefined;
  }

  #announce(change: RegistryChange): void {
    this.changes.next(change);
    for (const { plugin, old, new: now } of change.changes) {
      const failed = (cause: unknown): void => this.report(plugin, 'could not be notified', cause, change.key.id);
      try {
        Promise.resolve(this.#pluginOf(plugin)?.notify?.(change.key, old, now)).catch(failed);
      } catch (cause) {
        failed(cause);
      }
    }
  }
}

/** A failure of a plugin, outside of its hooks. */
export function pluginError(plugin: string, what: string, cause: unknown, key?: string): PluginError {
  const said = cause instanceof Error ? cause.message : String(cause);
  return new PluginError(`Plugin "${plugin}" ${what}: ${said}`, { plugin, key }, { cause });
}

function changedKeys<T>(before: Shelf<T>, after: Shelf<T>): string[] {
  return [...new Set([...before.keys, ...after.keys])].filter((key) => before.at(key) !== after.at(key));
}
