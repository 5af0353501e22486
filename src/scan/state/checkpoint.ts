import { canonicalJson } from '../../core/canonical-json.ts';
import { isJsonObject, type JsonObject } from '../../core/json-value.ts';
import { sha256 } from '../../core/sha256.ts';
import { isSequence, type Sequence } from '../../couch/feed/sequence.ts';
import type { ScanPlugin } from '../plugin.ts';

/** Where a plugin stands in a scan: everything before it has been scanned. */
export interface ScanPosition {
  /** The database that is next, or under way. */
  readonly db: string;
  /** Whether its design documents have been scanned. */
  readonly inDocuments?: boolean;
  /** Up to where its documents have been scanned. */
  readonly since?: Sequence;
  /** In a part of a database: the last id that has been scanned. */
  readonly after?: string;
}

/** What is kept of a plugin in a scan. */
export interface Checkpoint {
  readonly version: 1;
  /** The id of the scan: another one when it starts anew. */
  readonly scan: string;
  readonly state: 'running' | 'finished';
  /** Whether everything is looked at, or what has changed since the scan before. */
  readonly extent: 'full' | 'changes';
  /** In milliseconds since 1970. */
  readonly startedAt: number;
  readonly updatedAt: number;
  readonly position: ScanPosition;
  /** The plugin's own. */
  readonly data: JsonObject;
  readonly pluginVersion: number;
  readonly configuration: JsonObject;
}

/** Up to where a database has been scanned. */
export interface DatabaseMark {
  readonly since: Sequence;
  /** Which database of this name it was, where the source can tell. */
  readonly instance?: string;
}

/** Whether a checkpoint was written by a plugin that would go on in the same way. */
export function fits({ pluginVersion, configuration }: Checkpoint, plugin: ScanPlugin): boolean {
  return pluginVersion === versionOf(plugin) && canonicalJson(configuration) === canonicalJson(configurationOf(plugin));
}

/** What two plugins have in common that go on in the same way. */
export function fingerprintOf(plugin: ScanPlugin): Promise<string> {
  return sha256(canonicalJson({ version: versionOf(plugin), configuration: configurationOf(plugin) }));
}

export function versionOf({ version = 1 }: ScanPlugin): number {
  return version;
}

export function configurationOf({ configuration = {} }: ScanPlugin): JsonObject {
  return configuration;
}

/** A checkpoint as it was stored; undefined for what another version has written, or nobody. */
export function asCheckpoint(value: unknown): Checkpoint | undefined {
  if (!isJsonObject(value) || value['version'] !== 1) return undefined;
  const { scan, state, position, data, configuration } = value;
  if (typeof scan !== 'string' || (state !== 'running' && state !== 'finished')) return undefined;
  if (!isJsonObject(position) || typeof position['db'] !== 'string') return undefined;
  if (!isJsonObject(data) || !isJsonObject(configuration)) return undefined;
  return value as unknown as Checkpoint;
}

/** A mark as it was stored. */
export function asMark(value: unknown): DatabaseMark | undefined {
  return isJsonObject(value) && isSequence(value['since']) ? (value as unknown as DatabaseMark) : undefined;
}
