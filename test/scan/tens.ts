import type { ScanPlugin } from '../../src/scan/plugin.ts';

/** Finds documents whose `n` is a multiple of ten, and counts what it sees, in parts if need be: what it was shown, and its totals. */
export function tens(
  more: Partial<ScanPlugin<{ seen: number }>> = {},
): ScanPlugin<{ seen: number }> & { shown: string[]; totals: number[] } {
  const shown: string[] = [];
  const totals: number[] = [];
  return {
    name: 'tens',
    start: () => ({ state: { seen: 0 } }),
    resume: (_, { seen }) => ({ state: { seen: Number(seen) } }),
    db: () => {},
    doc(state, db, { id, body }, { found }) {
      state.seen += 1;
      shown.push(`${db.name}/${id}`);
      if (Number(body['n']) % 10 === 0) found({ n: body['n'] });
    },
    checkpoint: ({ seen }) => ({ data: { seen } }),
    complete(state) {
      totals.push(state.seen);
      return { data: { seen: state.seen } };
    },
    merge: (data) => ({ seen: data.reduce((sum, { seen }) => sum + Number(seen), 0) }),
    ...more,
    shown,
    totals,
  };
}
