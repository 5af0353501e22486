import type { Collection } from './data/collection.ts';
import type { DataDescription, RegistryDescription, ServiceDescription } from './description.ts';
import { targetsOf } from './dispatch/targets.ts';
import type { Contents } from './ledger.ts';
import { type AnyService, hooksOf } from './service.ts';

/** Describes contents, with the services and data that they are about; what nobody contributes to is left out. */
export function describe(
  { services, data, parts, plugins }: Contents,
  definitions: Iterable<AnyService>,
  collections: Iterable<Collection>,
): RegistryDescription {
  return {
    plugins: [...plugins.values()].map(({ plugin }) => plugin.name),
    services: [...definitions]
      .filter(({ id }) => services.at(id).length > 0)
      .map(describeService)
      .sort(byId),
    data: [...collections]
      .filter(({ key }) => data.at(key.id).length > 0)
      .map(describeData)
      .sort(byId),
    parts: parts.keys
      .map((id) => ({
        id,
        parts: parts.at(id).map(({ plugin, item: { name, isOverride } }) => ({ name, plugin, override: isOverride })),
      }))
      .sort(byId),
  };

  function describeService(service: AnyService): ServiceDescription {
    const hooks = hooksOf(service).map((hook) => ({
      name: hook.name,
      mode: hook.mode,
      sync: hook.sync,
      plugins: targetsOf(services.at(service.id), hook).map(({ plugin }) => plugin),
    }));
    return { id: service.id, hooks };
  }
}

function describeData({ key, version, list }: Collection): DataDescription {
  const sources = list.map(({ plugin, item: { source, contribution } }) => {
    const { entries, isStale, error } = contribution;
    return {
      source,
      plugin,
      ...(entries === undefined ? {} : { entries: entries.length }),
      stale: isStale,
      ...(isStale ? { error: error instanceof Error ? error.message : String(error) } : {}),
    };
  });
  return { id: key.id, version, sources };
}

function byId(a: { readonly id: string }, b: { readonly id: string }): number {
  return a.id < b.id ? -1 : 1;
}
