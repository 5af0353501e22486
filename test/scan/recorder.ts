import type { JsonObject } from '../../src/core/json-value.ts';
import type { ScanPlugin } from '../../src/scan/plugin.ts';

/** What a recorder notes of a call: the callback and what it was called for. */
export type Call = readonly [callback: string, ...of: string[]];

/** A plugin that notes its calls, and goes on with everything; its data count how often it was kept. */
export function recorder(
  more: Partial<ScanPlugin<Call[]>> = {},
  calls: Call[] = [],
): ScanPlugin<Call[]> & { readonly calls: Call[] } {
  const saved = (data: JsonObject | undefined): string => JSON.stringify(data ?? null);
  return {
    name: 'recorder',
    start(_, previous) {
      calls.push(['start', saved(previous)]);
      return { state: calls };
    },
    resume(_, data) {
      calls.push(['resume', saved(data)]);
      return { state: calls };
    },
    db: (_, db) => void calls.push(['db', db.name]),
    ddoc: (_, db, { id }) => void calls.push(['ddoc', db.name, id]),
    dbOpened: (_, db) => void calls.push(['dbOpened', db.name]),
    docId: (_, db, id) => void calls.push(['docId', db.name, id]),
    docRevs: (_, db, { id }) => void calls.push(['docRevs', db.name, id]),
    doc: (_, db, { id }) => void calls.push(['doc', db.name, id]),
    dbClosing: (_, db) => void calls.push(['dbClosing', db.name]),
    checkpoint() {
      calls.push(['checkpoint']);
      return { data: { calls: calls.length } };
    },
    complete() {
      calls.push(['complete']);
      return { data: { calls: calls.length } };
    },
    ...more,
    get calls() {
      return calls;
    },
  };
}

/** How often a callback was called. */
export function countOf({ calls }: { readonly calls: readonly Call[] }, callback: string): number {
  return calls.filter(([name]) => name === callback).length;
}

/** What a callback was called for, in order. */
export function seenBy({ calls }: { readonly calls: readonly Call[] }, callback: string): string[] {
  return calls.filter(([name]) => name === callback).map(([, ...of]) => of.join('/'));
}
