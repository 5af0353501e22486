import { isJsonObject } from '../core/json-value.ts';
import { decodeJson, encodeJson } from '../kv/json.ts';
import type { Entry } from '../kv/kv.ts';

/** A worker as it last told of itself, for people: no decision rests on it. */
export interface WorkerRecord {
  readonly id: string;
  /** What it runs on, as it calls itself, such as `Node.js/24`. */
  readonly runtime: string;
  /** When it began, and when it last wrote this, in milliseconds since 1970 by its own clock. */
  readonly since: number;
  readonly lastSeen: number;
  readonly concurrency: number;
  /** The jobs that it had then. */
  readonly jobs: readonly string[];
}

export function encodeWorker(worker: WorkerRecord): Uint8Array {
  return encodeJson(worker);
}

/** The worker in an entry; undefined where it is none. */
export function decodeWorker({ value }: Entry): WorkerRecord | undefined {
  const worker = decodeJson(value);
  const isWorker = isJsonObject(worker) && typeof worker['id'] === 'string' && Array.isArray(worker['jobs']);
  return isWorker ? (worker as unknown as WorkerRecord) : undefined;
}
