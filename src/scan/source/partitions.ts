import type { Partition } from '../plugin.ts';

/** The parts of a database that meet at some ids. */
export function between(bounds: readonly string[]): Partition[] {
  return [undefined, ...bounds].map((from, index) => {
    const to = bounds[index];
    return { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
  });
}
