import type { RegistryKey, Topic } from './topic.ts';

/** How what a plugin contributes to a service, data or parts has changed. */
export interface PluginChange {
  readonly plugin: string;
  /** `added`: it contributed nothing before; `removed`: it contributes nothing any more. */
  readonly kind: 'added' | 'replaced' | 'removed';
  /** Providers, entries or parts, in order. */
  readonly old: readonly unknown[];
  readonly new: readonly unknown[];
}

/** That what is contributed to a service, data or parts has changed; it is what it says by the time this is told. */
export interface RegistryChange {
  readonly key: RegistryKey;
  /** Grows with every change of this key. */
  readonly version: number;
  /** In the order of the plugins, those that are gone last. */
  readonly changes: readonly PluginChange[];
}

/**
 * Tells of changes after they have been made, in the next microtask, and once for all that come together: each is told as the
 * difference to what was told before.
 */
export class Announcements {
  readonly #announce: (change: RegistryChange) => void;
  readonly #marked = new Set<Topic>();
  readonly #told = new Map<Topic, ReadonlyMap<string, readonly unknown[]>>();
  #isScheduled = false;

  constructor(announce: (change: RegistryChange) => void) {
    this.#announce = announce;
  }

  /** Something has changed, or may have. */
  mark(topic: Topic): void {
    this.#marked.add(topic);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(() => this.#tell());
  }

  #tell(): void {
    this.#isScheduled = false;
    const topics = [...this.#marked];
    this.#marked.clear();
    for (const topic of topics) {
      const changes = this.#changesOf(topic);
      topic.updates.next();
      if (changes.length > 0) this.#announce({ key: topic.key, version: topic.version, changes });
    }
  }

  #changesOf(topic: Topic): PluginChange[] {
    const before = this.#told.get(topic) ?? new Map<string, readonly unknown[]>();
    const after = topic.byPlugin();
    this.#told.set(topic, after);
    return [...new Set([...after.keys(), ...before.keys()])].flatMap((plugin): PluginChange[] => {
      const [old, now] = [before.get(plugin), after.get(plugin)];
      if (old === undefined) return [{ plugin, kind: 'added', old: [], new: now ?? [] }];
      if (now === undefined) return [{ plugin, kind: 'removed', old, new: [] }];
      return topic.isSame(old, now) ? [] : [{ plugin, kind: 'replaced', old, new: now }];
    });
  }
}
