import { InputError } from '../core/errors.ts';

/** Where something stands among the contributions of others. */
export interface Position {
  /** Ascending; among equals, who registered first comes first. Default 0. */
  readonly order?: number;
  /** The plugins that it stands before, whatever their order; those that are not there do not count. */
  readonly before?: readonly string[];
  /** The plugins that it stands behind, whatever their order; those that are not there do not count. */
  readonly after?: readonly string[];
}

/** What has a place in an order. */
export interface Placed {
  readonly plugin: string;
  /** When its plugin registered, and when it did itself among what that registered. */
  readonly turn: readonly [number, number];
  readonly position: Position;
}

/**
 * Puts contributions into their order: by `order`, then by turn; whoever has to stand behind a plugin waits until that has its
 * place. Names have no other influence.
 *
 * @throws InputError when `before` and `after` contradict each other, naming the plugins
 */
export function inOrder<T extends Placed>(placed: readonly T[]): readonly T[] {
  const sorted = [...placed].sort(byOrderThenTurn);
  if (sorted.every(({ position: { before = [], after = [] } }) => before.length + after.length === 0)) return sorted;
  const result: T[] = [];
  while (sorted.length > 0) {
    const next = sorted.findIndex((one) => !sorted.some((other) => other !== one && hasToFollow(one, other)));
    if (next === -1) {
      const names = [...new Set(sorted.map(({ plugin }) => `"${plugin}"`))].join(', ');
      throw new InputError(
        `Plugins want to stand before each other in a circle, among ${names}; change before and after`,
      );
    }
    result.push(...sorted.splice(next, 1));
  }
  return result;
}

function byOrderThenTurn(a: Placed, b: Placed): number {
  const [first, second] = [a.position.order ?? 0, b.position.order ?? 0];
  return first - second || a.turn[0] - b.turn[0] || a.turn[1] - b.turn[1];
}

/** Whether one has to stand behind another one. */
function hasToFollow(one: Placed, other: Placed): boolean {
  const { after = [] } = one.position;
  const { before = [] } = other.position;
  return after.includes(other.plugin) || before.includes(one.plugin);
}
