import { isJsonObject, type JsonObject } from '../../core/json-value.ts';
import type { Sequence } from '../../couch/feed/sequence.ts';
import { decodeJson } from '../../kv/json.ts';
import type { Entry } from '../../kv/kv.ts';
import type { Partition } from '../plugin.ts';
import type { Checkpoint } from '../state/checkpoint.ts';

/** How the scan of a plugin stands that is split into parts. Times in milliseconds since 1970. */
export interface RunRecord {
  readonly version: 1;
  /** The id of this scan: whoever works for another one is too late. */
  readonly scan: string;
  /**
   * `planning`: parts are being added. `scanning`: they are worked on. `resetting`: the plugin wants to start over. `finished`: all is
   * done. `idle`: the plugin did not want to begin.
   */
  readonly phase: 'planning' | 'scanning' | 'resetting' | 'finished' | 'idle';
  readonly extent: Checkpoint['extent'];
  /** Of the plugin and its configuration: a worker that has it otherwise does not join in. */
  readonly fingerprint: string;
  readonly startedAt: number;
  readonly updatedAt: number;
  /** When the plugin wants to run again, where it has said so: its schedule counts for nothing then. */
  readonly at?: number;
  /** How many parts there are, and how many are still to be finished. */
  readonly parts: number;
  readonly left: number;
}

/** What a part of a scan is about. */
export type PartScope =
  /** These databases, and all of them. */
  | { readonly kind: 'databases'; readonly names: readonly string[] }
  /** All databases, one after the other. */
  | { readonly kind: 'everything' }
  /** Of a database that is split: itself, its design documents and its tombstones. A later scan begins at `markAt`. */
  | { readonly kind: 'rest'; readonly db: string; readonly markAt: Sequence }
  /** Some of its live documents. */
  | ({ readonly kind: 'range'; readonly db: string } & Partition);

/** What the job of a part is to do, as its data. */
export interface PartData {
  /** The scan in the store. */
  readonly id: string;
  readonly plugin: string;
  /** The id of the scan that it is a part of. */
  readonly scan: string;
  readonly part: number;
  readonly scope: PartScope;
  /** The plugin's data when the scan was started. */
  readonly data: JsonObject;
}

/** What the job of a plugin is to do, as its data. */
export interface PluginData {
  /** The scan in the store. */
  readonly id: string;
  readonly plugin: string;
  /** When it was enabled, in milliseconds since 1970: what has no period runs once since then. */
  readonly enabledAt: number;
}

/** The type of the job of a plugin in a scan. A worker that lacks the plugin has nothing to do with it. */
export function scanType(id: string, plugin: string): string {
  return `scan.${id}.${plugin}`;
}

/** The type of the jobs of its parts. */
export function partType(id: string, plugin: string): string {
  return `${scanType(id, plugin)}.parts`;
}

/** The id of a plugin's one job. */
export const PLUGIN_JOB = 'plugin';

/** A record as it was stored; undefined for what another version has written, or nobody. */
export function runRecord(entry: Entry | undefined): RunRecord | undefined {
  const value = entry === undefined ? undefined : decodeJson(entry.value);
  return isJsonObject(value) && value['version'] === 1 ? (value as unknown as RunRecord) : undefined;
}
