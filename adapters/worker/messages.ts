import { isJsonObject, type JsonObject } from '../../src/core/json-value.ts';
import type { Pull, PullEvent, PullResult, PullStatus } from '../../src/index.ts';
import type { WorkerPullOptions } from './options.ts';

/** Marks a message as one of couchtide's, since a worker may have others of its own. */
export const PULL = 'couchtide/pull';

/** What the page asks the worker for, with the port over which both then talk. */
export interface PullRequest {
  readonly type: typeof PULL;
  readonly source: string;
  readonly options: Omit<WorkerPullOptions, 'signal'>;
}

/** What may be waited for. */
export type Awaited = NonNullable<Parameters<Pull['inSync']>[0]>;

/** From the page to the pull. */
export type Command =
  | { readonly type: 'pause' | 'resume' | 'stop' }
  | { readonly type: 'inSync'; readonly call: number; readonly what: Awaited };

/** From the pull to the page. `done` and `failed` are the last. */
export type Told =
  | { readonly type: 'status'; readonly status: PullStatus }
  | { readonly type: 'event'; readonly event: PullEvent }
  | { readonly type: 'inSync'; readonly call: number; readonly error?: unknown }
  | { readonly type: 'done'; readonly result: PullResult }
  | { readonly type: 'failed'; readonly error: unknown };

/**
 * A value that may have an error in its member `error`, or be one, as it can be posted: a browser's own way to clone errors loses their
 * names and fields.
 */
export function packed<T>(value: T): T {
  return replaced(value, (error) =>
    error instanceof Error ? { isError: true, message: error.message, fields: fieldsOf(error) } : error,
  );
}

/** The value that {@link packed} was given; the guards of couchtide's errors know its errors. */
export function unpacked<T>(value: T): T {
  return replaced(value, (error) => {
    if (!isJsonObject(error) || error['isError'] !== true) return error;
    return Object.assign(new Error(String(error['message'])), error['fields']);
  });
}

function replaced<T>(value: T, replace: (error: unknown) => unknown): T {
  if (!isJsonObject(value)) return value;
  const inner = Object.entries(value).map(([name, member]) => {
    if (name === 'error') return [name, replace(member)];
    return [name, name === 'status' || name === 'event' ? replaced(member, replace) : member];
  });
  return Object.fromEntries(inner) as T;
}

/** What an error carries besides its message, as far as it is plain. */
function fieldsOf(error: Error): JsonObject {
  const fields = Object.entries(error).filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value));
  return { name: error.name, ...Object.fromEntries(fields) };
}
