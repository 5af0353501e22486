import type { JsonObject } from '../../../src/core/json-value.ts';
import type { ReportDetails } from '../../../src/scan/events.ts';
import type { ScanContext, ScanDb, ScanPlugin } from '../../../src/scan/plugin.ts';

/** A run of a plugin that a test leads by hand. */
export interface Run {
  readonly context: ScanContext;
  readonly state: unknown;
  readonly reports: readonly ReportDetails[];
  /** What the plugin would have kept now. */
  data(): Promise<JsonObject>;
}

/** Begins a run, or goes on from what another has kept, as the store gives it back. */
export async function begin(plugin: ScanPlugin, saved?: JsonObject): Promise<Run> {
  const reports: ReportDetails[] = [];
  const context: ScanContext = {
    scan: 's',
    plugin: plugin.name,
    found: () => {},
    report: (report) => reports.push(report),
    write: async () => {},
    signal: new AbortController().signal,
  };
  const answer = await (saved === undefined
    ? plugin.start(context, undefined)
    : plugin.resume(context, JSON.parse(JSON.stringify(saved))));
  if (!('state' in answer)) throw new Error('The plugin did not begin');
  const { state } = answer;
  return {
    context,
    state,
    reports,
    async data() {
      const kept = await plugin.checkpoint?.(state, context);
      if (!kept || !('data' in kept)) throw new Error('The plugin keeps nothing');
      return kept.data;
    },
  };
}

/** A database that is only known by its name. */
export function databaseCalled(name: string): ScanDb {
  const unasked = (): never => {
    throw new Error('This is not to be asked');
  };
  return { name, info: unasked, designDocInfo: unasked, revisions: unasked };
}
