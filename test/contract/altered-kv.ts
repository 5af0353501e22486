import type { Kv } from '../../src/kv/kv.ts';

/** The same store with some of its members replaced, to see what is asked of it or to spoil its answers. */
export function alteredKv(kv: Kv, replaced: Partial<Kv>): Kv {
  const exclusive = kv.exclusive?.bind(kv);
  return {
    limits: kv.limits,
    reach: kv.reach,
    read: (keys) => kv.read(keys),
    page: (range, options) => kv.page(range, options),
    update: (guards, decide, options) => kv.update(guards, decide, options),
    watch: (key) => kv.watch(key),
    ...(exclusive && { exclusive }),
    close: () => kv.close(),
    ...replaced,
  };
}
