import type { Observable } from 'rxjs';
import type { PluginError } from '../core/errors.ts';
import type { RegistryChange } from './announcements.ts';
import type { DataSource } from './data/contribution.ts';
import type { DataKey } from './data/data-key.ts';
import type { EntryKey } from './data/entry.ts';
import type { RegistryView } from './data/view.ts';
import type { RegistryDescription } from './description.ts';
import type { CallOptions, ErrorPolicy, ResultOf } from './dispatch/call.ts';
import type { ArgsOf } from './hook.ts';
import type { Ending, PartFactory, Parts, RunningParts } from './parts.ts';
import type { Position } from './position.ts';
import type { AnyService, Hook, Provider } from './service.ts';
import type { RegistryKey } from './topic.ts';

/**
 * What somebody adds to a program: an object, or the export `plugin` or default export of a module. All but the name is optional.
 *
 * @example
 * ```ts
 * const allergies = defineData<string, string>('kitchen/allergies');
 * const plugin: Plugin = {
 *   name: 'nuts',
 *   setup(registry) {
 *     registry.contribute(allergies, constant({ nuts: 'nut|almond' }));
 *   },
 * };
 * const registry = createRegistry();
 * registry.use(plugin);
 * registry.view(allergies).keys(); // ['nuts']
 * ```
 */
export interface Plugin {
  /** Unlike that of any other plugin of the registry. */
  readonly name: string;
  /**
   * Registers what the plugin provides and contributes; that ends by itself when the plugin is disposed of or replaced. What it
   * returns is called then. It must not be async: what takes time belongs into sources of data and into parts.
   *
   * @param registry the registry, as it is for this plugin: what is registered through it carries the plugin's name
   */
  setup?(registry: Registry): Exclude<Ending, PromiseLike<unknown>>;
  /**
   * Is told, after the fact, that what the plugin itself provides or contributes has changed. The sources of a plugin that has this
   * are always listened to.
   *
   * @param key the service, data or parts
   * @param old its own providers, entries or parts before
   * @param now and those since
   */
  notify?(key: RegistryKey, old: readonly unknown[], now: readonly unknown[]): unknown;
}

/** A module that a plugin comes in, as `import` gives it. */
export type PluginModule = Plugin | { readonly default: unknown } | { readonly plugin: Plugin };

/** Modules with plugins: a list, or what `import.meta.glob` gives, loaded or to be loaded. */
export type PluginModules =
  | readonly PluginModule[]
  | Readonly<Record<string, PluginModule | (() => Promise<PluginModule>)>>;

/** Something that was registered. */
export interface Registered<Item> {
  /** Puts something else in its place, in one step: nobody sees both or none. The same again is no change. */
  replace(next: Item): void;
  /** Takes it back, and nothing else. */
  dispose(): void;
}

/** A source of data that was registered. */
export interface Contributed<K extends EntryKey, V> extends Registered<DataSource<K, V>> {
  /** Asks the source now. Resolves when it has delivered; rejects with what it fails of. */
  reload(): Promise<void>;
}

/** How data are contributed. */
export interface ContributeOptions extends Position {
  /** The label under which the view shows it. Default: the name of the plugin. */
  readonly source?: string;
}

/** How a part is contributed. */
export interface PartOptions extends Position {
  /** Whether it takes the place of the part of this name that is there already. Default false. */
  readonly override?: boolean;
}

/** How long something is waited for. */
export interface WaitOptions {
  readonly signal?: AbortSignal | undefined;
}

/**
 * Who contributes what: providers of services, data, and parts. A program makes one with `createRegistry`, adds plugins, and calls
 * hooks and reads data without knowing who they come from.
 *
 * Contributions stand in one order everywhere: ascending `order`, then who registered first. Changes take place at once, and are
 * told of in the next microtask.
 */
export interface Registry {
  /**
   * Adds a plugin.
   *
   * @throws InputError for what is no plugin, and for a name that is taken
   * @throws PluginError when its setup fails; nothing of it is registered then
   */
  use(plugin: Plugin): Registered<Plugin>;

  /**
   * Adds the plugins of many modules, in the order of the list: all of them, or none. Modules that are there need not be waited for.
   *
   * @throws InputError naming a module that has no plugin or cannot be loaded
   */
  addAll(modules: PluginModules): Promise<Registered<Plugin>[]>;

  /**
   * Provides a service, or some of its hooks.
   *
   * @throws InputError for hooks that are no functions, for another service of the same id, and for an order that cannot be
   */
  provide<S extends AnyService>(service: S, provider: Provider<S>, position?: Position): Registered<Provider<S>>;

  /**
   * Contributes data: {@link constant}, {@link poll}, {@link fromUrl}, or any observable of lists of entries.
   *
   * @throws InputError for a label that is taken
   */
  contribute<K extends EntryKey, V>(
    data: DataKey<K, V>,
    source: DataSource<K, V>,
    options?: ContributeOptions,
  ): Contributed<K, V>;

  /**
   * Contributes a part of a component, or overrides one.
   *
   * @throws InputError for a name that is taken without `override`, or that is not there with it
   */
  part<Args extends readonly unknown[]>(
    parts: Parts<Args>,
    name: string,
    factory: PartFactory<Args>,
    options?: PartOptions,
  ): Registered<PartFactory<Args>>;

  /**
   * Calls the providers of a hook as its mode says. What takes place meanwhile has no effect on this call.
   *
   * @throws PluginError when a provider fails, unless `onError` says otherwise
   * @throws DispatchError when several did that were called at once
   * @throws InputError for options that the mode has no use for, before anybody is called
   */
  call<H extends Hook, P extends ErrorPolicy = 'rethrow', Default = never>(
    hook: H,
    args: ArgsOf<H>,
    options?: CallOptions<H['mode'], P, Default>,
  ): ResultOf<H, P, Default>;

  /** Whether anybody provides a hook. */
  isConfigured(hook: Hook): boolean;

  /** The same as it changes, beginning with how it is. */
  isConfigured$(hook: Hook): Observable<boolean>;

  /**
   * What is contributed to data, as it is known now: constants are, and other sources as far as somebody has listened to them, by
   * `data$`, `changes$`, `ready` or `reload`.
   */
  view<K extends EntryKey, V>(data: DataKey<K, V>): RegistryView<K, V>;

  /** The same as it changes, beginning with how it is. Sources are listened to as long as somebody subscribes. */
  data$<K extends EntryKey, V>(data: DataKey<K, V>): Observable<RegistryView<K, V>>;

  /** Resolves with the view when every source has delivered or failed once. */
  ready<K extends EntryKey, V>(data: DataKey<K, V>, options?: WaitOptions): Promise<RegistryView<K, V>>;

  /** Resolves when every source of all data has delivered or failed once. */
  settled(options?: WaitOptions): Promise<void>;

  /**
   * Asks all sources of data now, and resolves with the view when all have delivered.
   *
   * @throws DispatchError when some have failed; the others are in the view
   */
  reload<K extends EntryKey, V>(data: DataKey<K, V>, options?: WaitOptions): Promise<RegistryView<K, V>>;

  /**
   * Begins the parts of a component in order, each when the one before has begun.
   *
   * @throws PluginError when one fails to; those that have begun are ended
   */
  start<Args extends readonly unknown[]>(parts: Parts<Args>, args: Args): Promise<RunningParts>;

  /**
   * Makes many changes into one: nobody sees anything of them before the function has returned, and there is nothing to be seen
   * when it throws.
   */
  batch<R>(change: () => R): R;

  /** Tells of changes to services, data and parts after they have taken place. All data are listened to meanwhile. */
  readonly changes$: Observable<RegistryChange>;

  /** Failures that no caller gets: of background hooks, of those that are skipped, of sources, of `notify` and `dispose`. */
  readonly errors$: Observable<PluginError>;

  /** Who provides what, in what order, and what is stale: for people, and as JSON. */
  describe(): RegistryDescription;

  /** Ends the registry: nothing is provided, listened to or waited for any more. In a plugin's setup: ends the plugin. */
  dispose(): void;
}
