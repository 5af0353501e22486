import { Observable } from 'rxjs';
import { DispatchError, type PluginError } from '../../core/errors.ts';
import type { Collection } from './collection.ts';
import type { RegistryView } from './view.ts';

/** The view of a collection as it changes, beginning with how it is; its sources are listened to meanwhile. */
export function viewsOf(collection: Collection): Observable<RegistryView> {
  return new Observable((subscriber) => {
    subscriber.add(collection.hold());
    let version: number | undefined;
    const tell = (): void => {
      const { view } = collection;
      // What changed before somebody subscribed is told of afterwards, and need not be told again.
      if (view.version === version) return;
      version = view.version;
      subscriber.next(view);
    };
    tell();
    subscriber.add(collection.updates.subscribe({ next: tell, complete: () => subscriber.complete() }));
  });
}

/** Resolves with the view when every source has delivered or failed once. */
export async function ready(collection: Collection): Promise<RegistryView> {
  // Others may be contributed meanwhile.
  for (;;) {
    const pending = collection.list.filter(({ item }) => !item.contribution.isSettled);
    if (pending.length === 0) return collection.view;
    await Promise.all(pending.map(({ item }) => item.contribution.settled()));
  }
}

/**
 * Asks all sources, and resolves with the view when all have delivered.
 *
 * @param failureOf makes an error of what a source has failed of
 * @throws DispatchError when some have failed
 */
export async function reload(
  collection: Collection,
  failureOf: (plugin: string, cause: unknown) => PluginError,
): Promise<RegistryView> {
  const outcomes = await Promise.all(
    collection.list.map(({ plugin, item }) =>
      item.contribution.reload().then(
        () => [],
        (cause: unknown) => [failureOf(plugin, cause)],
      ),
    ),
  );
  const failures = outcomes.flat();
  if (failures.length === 0) return collection.view;
  throw new DispatchError(failures.map(({ message }) => message).join('; '), failures);
}
