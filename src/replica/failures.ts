import { isJsonObject } from '../core/json-value.ts';
import { decodeJson, encodeJson } from '../kv/json.ts';
import type { Key, Kv } from '../kv/kv.ts';
import { list } from '../kv/list.ts';
import { pathTo } from '../revs/leaves.ts';
import type { RevTree } from '../revs/tree.ts';
import type { Layout } from './layout.ts';
import type { Mutation } from './storage.ts';
import type { FailedRevision } from './target.ts';

/** What a batch changes in the record of failures. */
export interface FailureChanges {
  readonly set: readonly Mutation[];
  readonly delete: readonly Key[];
  /** By how much the record grows. */
  readonly growth: number;
}

/** The failures on record, in no particular order. */
export async function* readFailures(
  kv: Kv,
  layout: Layout,
): AsyncGenerator<readonly FailedRevision[], void, undefined> {
  for await (const { value } of list(kv, { prefix: layout.failures })) {
    const failure = decodeFailure(value);
    if (failure !== undefined) yield [failure];
  }
}

/**
 * Records what failed, once more where it had failed before, and strikes out what has arrived since.
 *
 * @param recorded how many failures are on record; none spares the reading
 * @param failed what failed now
 * @param trees the documents that the batch changes
 */
export async function changeFailures(
  kv: Kv,
  layout: Layout,
  recorded: number,
  failed: readonly Omit<FailedRevision, 'attempts'>[],
  trees: ReadonlyMap<string, RevTree>,
): Promise<FailureChanges> {
  const before = new Map<string, { readonly key: Key; readonly failure: FailedRevision }>();
  if (recorded > 0) {
    for (const id of new Set([...trees.keys(), ...failed.map((failure) => failure.id)])) {
      for await (const { key, value } of list(kv, { prefix: layout.failuresOf(id) })) {
        const failure = decodeFailure(value);
        if (failure?.id === id) before.set(nameOf(failure), { key, failure });
      }
    }
  }
  const set = new Map<string, Mutation>();
  let growth = 0;
  for (const { id, rev, reason } of failed) {
    const name = nameOf({ id, rev });
    const known = before.get(name);
    if (known === undefined && !set.has(name)) growth += 1;
    const failure: FailedRevision = { id, rev, reason, attempts: (known?.failure.attempts ?? 0) + 1 };
    set.set(name, [known?.key ?? (await layout.failure(id, rev)), encodeJson(failure)]);
  }
  const arrived = [...before].filter(([name, { failure }]) => {
    const tree = trees.get(failure.id);
    return !set.has(name) && tree !== undefined && pathTo(tree, failure.rev) !== undefined;
  });
  return { set: [...set.values()], delete: arrived.map(([, { key }]) => key), growth: growth - arrived.length };
}

function nameOf({ id, rev }: { readonly id: string; readonly rev: string }): string {
  return JSON.stringify([id, rev]);
}

function decodeFailure(bytes: Uint8Array): FailedRevision | undefined {
  const value = decodeJson(bytes);
  if (!isJsonObject(value)) return undefined;
  const { id, rev, reason, attempts } = value;
  if (typeof id !== 'string' || typeof rev !== 'string' || typeof reason !== 'string' || typeof attempts !== 'number')
    return undefined;
  return { id, rev, reason, attempts };
}
