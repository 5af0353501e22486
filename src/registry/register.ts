import { ClosedError, InputError } from '../core/errors.ts';
import type { Kind, Ledger } from './ledger.ts';
import type { Position } from './position.ts';
import type { Registered } from './registry.ts';
import type { Shelf } from './shelf.ts';

/** On whose behalf something is registered. */
export interface Owner {
  readonly name: string;
  /** What is registered carries this number, so that it can be taken back together. */
  readonly owner: number;
  /** The plugin that it is, which has one turn for all that it registers; undefined for the program. */
  readonly plugin?: { readonly id: number; readonly isNotified: boolean };
}

/** Something registered, as it stands on its shelf. */
export interface Item<T> extends Registered<T> {
  /** @throws ClosedError when it was taken back */
  current(): T;
}

/** Puts something onto the shelf of its kind. */
export function register<T>(
  ledger: Ledger,
  { name, owner, plugin }: Owner,
  kind: Kind<T>,
  key: string,
  item: T,
  position: Position,
): Item<T> {
  const { order = 0 } = position;
  if (!Number.isFinite(order)) throw new InputError(`Option order must be a number, not ${order}`);
  const id = ledger.next();
  const edit = (change: (shelf: Shelf<T>) => Shelf<T>): void => {
    ledger.edit((contents) => kind.into(contents, change(kind.of(contents))));
  };
  const current = (): T => {
    const found = kind
      .of(ledger.contents)
      .at(key)
      .find((one) => one.id === id);
    if (found === undefined) throw new ClosedError(`What plugin "${name}" has registered for "${key}" was taken back`);
    return found.item;
  };
  const turn = [plugin?.id ?? id, id] as const;
  edit((shelf) => shelf.with(key, { id, owner, item, plugin: name, turn, position }));
  return {
    current,
    replace: (next) => {
      current();
      edit((shelf) => shelf.replaced(key, id, next));
    },
    dispose: () => {
      if (!ledger.isClosed) edit((shelf) => shelf.without(key, id));
    },
  };
}
