import type { Hook } from '../service.ts';
import type { Registration } from '../shelf.ts';
import type { Target } from './target.ts';

/** The targets of hooks by the list of providers that they come from: a list never changes. */
const known = new WeakMap<readonly Registration<object>[], Map<string, readonly Target[]>>();

/** Who provides a hook, in order; a provider that is registered twice is called once, in its first place. */
export function targetsOf(providers: readonly Registration<object>[], hook: Hook): readonly Target[] {
  const byHook = known.get(providers) ?? new Map<string, readonly Target[]>();
  known.set(providers, byHook);
  const targets = byHook.get(hook.name) ?? find(providers, hook);
  byHook.set(hook.name, targets);
  return targets;
}

function find(providers: readonly Registration<object>[], hook: Hook): readonly Target[] {
  const seen = new Set<object>();
  return providers.flatMap(({ item: provider, plugin }): Target[] => {
    const run: unknown = Reflect.get(provider, hook.name);
    if (seen.has(provider) || typeof run !== 'function') return [];
    seen.add(provider);
    return [{ hook, plugin, provider, run: run as Target['run'] }];
  });
}
