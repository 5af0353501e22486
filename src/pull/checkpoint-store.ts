import { InputError } from '../core/errors.ts';
import { isJsonObject, type JsonObject } from '../core/json-value.ts';
import { decodeJson, encodeJson } from '../kv/json.ts';
import type { Kv } from '../kv/kv.ts';
import type { Checkpoint, Target } from '../replica/target.ts';

/** Where checkpoints are kept. */
export interface CheckpointStore {
  read(id: string): Promise<JsonObject | undefined>;
  write(checkpoint: Checkpoint): Promise<void>;
}

/**
 * The checkpoints that a target keeps itself.
 *
 * @throws InputError when it keeps none
 */
export function checkpointsOf(target: Target): CheckpointStore {
  const read = target.readCheckpoint?.bind(target);
  const write = target.writeCheckpoint?.bind(target);
  if (read === undefined || write === undefined) {
    throw new InputError(
      'The target keeps no checkpoints: it has to have readCheckpoint and writeCheckpoint, or the option checkpoints be a store',
    );
  }
  return { read, write };
}

/**
 * The checkpoints of a target in a store apart from it.
 *
 * @param uuid identifies the target: one store may serve several, and a target that was wiped must not find what was its own
 */
export function checkpointsIn(kv: Kv, uuid: string): CheckpointStore {
  const keyOf = (id: string): readonly string[] => ['pull', 'checkpoint', uuid, id];
  return {
    async read(id) {
      const [entry] = await kv.read([keyOf(id)]);
      const value = entry === undefined ? undefined : decodeJson(entry.value);
      return isJsonObject(value) ? value : undefined;
    },
    async write({ id, value }) {
      await kv.update([], () => ({ set: [[keyOf(id), encodeJson(value)]], result: undefined }));
    },
  };
}
