import type { ScanPlugin } from '../../src/scan/plugin.ts';

/** What a plugin puts on record of what is shown to it. */
export type TraceLine =
  /** It begins, or goes on, in a scan. Times in milliseconds since 1970. */
  | readonly ['begun', plugin: string, scan: string, at: number]
  | readonly ['shown', plugin: string, object: string]
  | readonly ['complete', plugin: string, scan: string];

/** One run of a plugin: from where it begins or goes on to where it begins the next time. */
export interface TraceRun {
  readonly process: string;
  readonly plugin: string;
  readonly scan: string;
  readonly at: number;
  readonly shown: string[];
}

/** What the runs of all processes have put on record. */
export interface ScanTrace {
  /** In the order in which they began. */
  readonly runs: readonly TraceRun[];
  readonly completions: readonly { readonly process: string; readonly plugin: string; readonly scan: string }[];
}

/** A plugin that puts on record what it is shown, and is otherwise as it was. */
export function traced(plugin: ScanPlugin, write: (line: TraceLine) => void): ScanPlugin {
  const { name, ddoc, docId, docRevs, complete } = plugin;
  const begin = (scan: string): void => write(['begun', name, scan, Date.now()]);
  const isShownIds = docId !== undefined;
  return {
    ...plugin,
    // As it is at the time.
    get configuration() {
      return plugin.configuration ?? {};
    },
    start(context, previous) {
      begin(context.scan);
      return plugin.start(context, previous);
    },
    resume(context, saved) {
      begin(context.scan);
      return plugin.resume(context, saved);
    },
    ...(ddoc && {
      ddoc(state, db, shown, context) {
        write(['shown', name, `${db.name}: ${shown.id}`]);
        return ddoc(state, db, shown, context);
      },
    }),
    ...(docId && {
      docId(state, db, id, context) {
        write(['shown', name, `${db.name}/${id}`]);
        return docId(state, db, id, context);
      },
    }),
    ...(docRevs && {
      docRevs(state, db, row, context) {
        if (!isShownIds) write(['shown', name, `${db.name}/${row.id}`]);
        return docRevs(state, db, row, context);
      },
    }),
    complete(state, context) {
      write(['complete', name, context.scan]);
      return complete?.(state, context);
    },
  };
}

/** Puts together what processes have written, a line of JSON each time, of which the last may be cut off. By the names of the processes. */
export function traceOf(texts: Iterable<readonly [process: string, text: string]>): ScanTrace {
  const runs: TraceRun[] = [];
  const completions: ScanTrace['completions'][number][] = [];
  for (const [process, text] of texts) {
    const going = new Map<string, TraceRun>();
    for (const line of text.slice(0, text.lastIndexOf('\n') + 1).split('\n')) {
      if (line === '') continue;
      const [step, plugin, what, at = 0] = JSON.parse(line) as [TraceLine[0], string, string, number?];
      if (step === 'complete') completions.push({ process, plugin, scan: what });
      else if (step === 'shown') going.get(plugin)?.shown.push(what);
      else {
        const run: TraceRun = { process, plugin, scan: what, at, shown: [] };
        going.set(plugin, run);
        runs.push(run);
      }
    }
  }
  return { runs: runs.sort((a, b) => a.at - b.at), completions };
}
