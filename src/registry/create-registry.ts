import { Observable } from 'rxjs';
import { ClosedError, InputError, type PluginError } from '../core/errors.ts';
import { isPromise } from '../core/is-promise.ts';
import { type Platform, platform } from '../core/platform.ts';
import type { RegistryChange } from './announcements.ts';
import type { Sourced } from './data/collection.ts';
import { Contribution, type DataSource } from './data/contribution.ts';
import type { DataKey } from './data/data-key.ts';
import type { EntryKey } from './data/entry.ts';
import { ready, reload, viewsOf } from './data/reads.ts';
import type { RegistryView } from './data/view.ts';
import { describe } from './describe.ts';
import type { RegistryDescription } from './description.ts';
import type { CallOptions, ErrorPolicy, ResultOf } from './dispatch/call.ts';
import type { ArgsOf } from './hook.ts';
import { DATA, type Kind, Ledger, PARTS, pluginError, SERVICES } from './ledger.ts';
import {
  type Part,
  type PartFactory,
  type Parts,
  type RunningParts,
  refusePart,
  settleEnding,
  startParts,
} from './parts.ts';
import { isPlugin, pluginsOf } from './plugin-module.ts';
import type { Position } from './position.ts';
import { type Item, type Owner, register } from './register.ts';
import type {
  Contributed,
  ContributeOptions,
  PartOptions,
  Plugin,
  PluginModules,
  Registered,
  Registry,
  WaitOptions,
} from './registry.ts';
import type { AnyService, Hook, Provider } from './service.ts';
import { refuseProvider, Services } from './services.ts';
import { unlessAborted } from './unless-aborted.ts';

/** Options of a registry. */
export interface RegistryOptions {
  /** Clock, chance and network of another kind, for tests. */
  readonly platform?: Partial<Platform>;
}

/** What stands in the place of a plugin's name where the program itself registers. */
const PROGRAM = 'application';

/**
 * Makes a registry. It is an object like any other, not a global: a program makes one and hands it on, a test makes its own.
 *
 * @example
 * ```ts
 * const kitchen = defineService('kitchen', { cook: series<[dish: string], string>() });
 * const registry = createRegistry();
 * registry.use({
 *   name: 'grill',
 *   setup(registry) {
 *     registry.provide(kitchen, { cook: (dish) => `grilled ${dish}` });
 *   },
 * });
 * await registry.call(kitchen.cook, ['corn']); // [{ plugin: 'grill', value: 'grilled corn' }]
 * registry.dispose();
 * ```
 */
export function createRegistry({ platform: replaced }: RegistryOptions = {}): Registry {
  const ledger = new Ledger(platform(replaced));
  return new Face(ledger, new Services(ledger), { name: PROGRAM, owner: ledger.next() });
}

/** The registry as it is for one owner: the program, or a plugin in its setup. */
class Face implements Registry {
  readonly #ledger: Ledger;
  readonly #services: Services;
  readonly #owner: Owner;
  readonly changes$: Observable<RegistryChange>;
  readonly errors$: Observable<PluginError>;

  constructor(ledger: Ledger, services: Services, owner: Owner) {
    this.#ledger = ledger;
    this.#services = services;
    this.#owner = owner;
    this.errors$ = ledger.errors.asObservable();
    this.changes$ = new Observable((subscriber) => {
      subscriber.add(ledger.changes.subscribe(subscriber));
      subscriber.add(ledger.followAll());
    });
  }

  use(plugin: Plugin): Registered<Plugin> {
    const ledger = this.#ledger;
    const id = ledger.next();
    ledger.batch(() => this.#add(id, plugin));
    return {
      replace: (next) => {
        const current = ledger.contents.plugins.get(id);
        if (current === undefined) throw new ClosedError(`Plugin "${plugin.name}" is not in use any more`);
        if (current.plugin === next) return;
        ledger.batch(() => {
          ledger.withdraw(current.owner);
          ledger.afterwards(current.end);
          this.#add(id, next);
        });
      },
      dispose: () => {
        if (!ledger.isClosed) ledger.remove(id);
      },
    };
  }

  async addAll(modules: PluginModules): Promise<Registered<Plugin>[]> {
    const found = pluginsOf(modules);
    const plugins = Array.isArray(found) ? found : await found;
    return this.#ledger.batch(() => plugins.map((plugin) => this.use(plugin)));
  }

  provide<S extends AnyService>(service: S, provider: Provider<S>, position: Position = {}): Registered<Provider<S>> {
    this.#services.know(service);
    refuseProvider(service, provider);
    const { replace, dispose } = this.#register<object>(SERVICES, service.id, provider, position);
    return {
      replace: (next) => {
        refuseProvider(service, next);
        replace(next);
      },
      dispose,
    };
  }

  contribute<K extends EntryKey, V>(
    data: DataKey<K, V>,
    source: DataSource<K, V>,
    { source: label = this.#owner.name, ...position }: ContributeOptions = {},
  ): Contributed<K, V> {
    const ledger = this.#ledger;
    const { name, plugin } = this.#owner;
    const collection = ledger.collection(data);
    const other = DATA.of(ledger.contents)
      .at(data.id)
      .find(({ item }) => item.source === label);
    if (other !== undefined) {
      throw new InputError(
        `Data "${data.id}" have a source "${label}" already; contribute under another label: { source }`,
      );
    }
    const events = {
      changed: () => collection.refresh(),
      failed: (cause: unknown) => ledger.report(name, `has a source "${label}" that failed`, cause, data.id),
    };
    const sourced = (origin: DataSource<K, V>, before?: Contribution): Sourced => {
      if (typeof origin?.subscribe !== 'function') {
        throw new InputError(
          `Source "${label}" of data "${data.id}" must be an observable; constant(...) makes one of a list`,
        );
      }
      const contribution: Contribution = new Contribution(data, origin, events, ledger.platform, before);
      return { source: label, origin, contribution, isFollowed: plugin?.isNotified ?? false };
    };
    const { current, replace, dispose } = this.#register(DATA, data.id, sourced(source), position);
    return {
      replace: (next) => {
        const { origin, contribution } = current();
        if (next !== origin) replace(sourced(next, contribution));
      },
      dispose,
      reload: () => current().contribution.reload(),
    };
  }

  part<Args extends readonly unknown[]>(
    parts: Parts<Args>,
    name: string,
    factory: PartFactory<Args>,
    { override = false, ...position }: PartOptions = {},
  ): Registered<PartFactory<Args>> {
    // Only `start` calls it, with what the parts are begun with.
    const part = (of: PartFactory<Args>): Part => ({
      name,
      isOverride: override,
      factory: of as unknown as PartFactory,
    });
    refusePart(parts.id, PARTS.of(this.#ledger.contents).at(parts.id), part(factory));
    const { current, replace, dispose } = this.#register(PARTS, parts.id, part(factory), position);
    return {
      replace: (next) => {
        const { factory: known } = part(next);
        if (current().factory !== known) replace(part(next));
      },
      dispose,
    };
  }

  call<H extends Hook, P extends ErrorPolicy = 'rethrow', Default = never>(
    hook: H,
    args: ArgsOf<H>,
    options: CallOptions<H['mode'], P, Default> = {},
  ): ResultOf<H, P, Default> {
    // Only here is it known what a call of this very hook comes to.
    return this.#services.call(hook, args, options) as ResultOf<H, P, Default>;
  }

  isConfigured(hook: Hook): boolean {
    return this.#services.targets(hook).length > 0;
  }

  isConfigured$(hook: Hook): Observable<boolean> {
    return this.#services.isConfigured$(hook);
  }

  view<K extends EntryKey, V>(data: DataKey<K, V>): RegistryView<K, V> {
    return this.#ledger.collection(data).view as RegistryView<K, V>;
  }

  data$<K extends EntryKey, V>(data: DataKey<K, V>): Observable<RegistryView<K, V>> {
    return viewsOf(this.#ledger.collection(data)) as Observable<RegistryView<K, V>>;
  }

  ready<K extends EntryKey, V>(data: DataKey<K, V>, { signal }: WaitOptions = {}): Promise<RegistryView<K, V>> {
    return unlessAborted(ready(this.#ledger.collection(data)), signal) as Promise<RegistryView<K, V>>;
  }

  async settled({ signal }: WaitOptions = {}): Promise<void> {
    await unlessAborted(Promise.all(Array.from(this.#ledger.collections, ready)), signal);
  }

  reload<K extends EntryKey, V>(data: DataKey<K, V>, { signal }: WaitOptions = {}): Promise<RegistryView<K, V>> {
    const failure = (plugin: string, cause: unknown) => pluginError(plugin, 'has a source that failed', cause, data.id);
    return unlessAborted(reload(this.#ledger.collection(data), failure), signal) as Promise<RegistryView<K, V>>;
  }

  async start<Args extends readonly unknown[]>(parts: Parts<Args>, args: Args): Promise<RunningParts> {
    this.#ledger.refuseClosed();
    return startParts(parts.id, this.#ledger.roster<Part>('parts', parts.id).list, [...args] as never[]);
  }

  batch<R>(change: () => R): R {
    return this.#ledger.batch(change);
  }

  describe(): RegistryDescription {
    return describe(this.#ledger.contents, this.#services.known, this.#ledger.collections);
  }

  dispose(): void {
    const ledger = this.#ledger;
    const { owner, plugin } = this.#owner;
    if (ledger.isClosed) return;
    if (plugin !== undefined) {
      ledger.remove(plugin.id);
      return;
    }
    ledger.batch(() => ledger.withdraw(owner));
    ledger.close();
  }

  /** Sets a plugin up, in the place of the one that has this id if there is one. */
  #add(id: number, plugin: Plugin): void {
    const ledger = this.#ledger;
    if (!isPlugin(plugin)) throw new InputError('A plugin must be an object with a name, and a setup function if any');
    const { name } = plugin;
    for (const [other, entry] of ledger.contents.plugins) {
      if (other !== id && entry.plugin.name === name) throw new InputError(`There is a plugin "${name}" already`);
    }
    const owner = ledger.next();
    let ending: unknown;
    const end = (): void => this.#end(name, ending);
    const entry = { plugin, owner, parent: this.#owner.owner, end };
    ledger.edit((contents) => ({ ...contents, plugins: new Map(contents.plugins).set(id, entry) }));
    try {
      const own = new Face(ledger, this.#services, {
        name,
        owner,
        plugin: { id, isNotified: plugin.notify !== undefined },
      });
      ending = plugin.setup?.(own);
      if (isPromise(ending)) {
        // Nobody waits for it, so its failure has nobody else to go to.
        ending.then(undefined, () => {});
        throw new InputError('Its setup is async; what takes time belongs into sources and parts');
      }
    } catch (cause) {
      throw pluginError(name, 'could not be set up', cause);
    }
    ledger.afterwards(() => {}, end);
  }

  #end(name: string, ending: unknown): void {
    settleEnding(ending).catch((cause: unknown) => this.#ledger.report(name, 'could not be ended', cause));
  }

  #register<T>(kind: Kind<T>, key: string, item: T, position: Position): Item<T> {
    return register(this.#ledger, this.#owner, kind, key, item, position);
  }
}
