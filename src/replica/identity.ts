import { InputError, StoreError } from '../core/errors.ts';
import { isJsonObject } from '../core/json-value.ts';
import type { Platform } from '../core/platform.ts';
import { decodeJson, encodeJson } from '../kv/json.ts';
import type { Kv } from '../kv/kv.ts';
import { firstCounter } from './counter.ts';
import { Layout } from './layout.ts';

/** The form in which replicas are stored. A replica of another form is refused. */
const FORMAT = 2;

/** Records of bodies and pages are no larger than this, and than the store takes. */
const LARGEST_PART = 512 * 1024;

/** In UTF-8: a name is part of every key. CouchDB's own names of databases have 238 at the most. */
const LONGEST_NAME = 300;

/** What a replica is, decided when it is made. */
export interface Identity {
  readonly uuid: string;
  /** Into how large records bodies and pages are cut. */
  readonly partBytes: number;
}

/** Finds the replica, or makes it. Of several who make it at once, one does. */
export async function openIdentity(kv: Kv, name: string, platform: Platform): Promise<Identity> {
  const nameBytes = new TextEncoder().encode(name).length;
  if (nameBytes === 0 || nameBytes > LONGEST_NAME) {
    throw new InputError(`A replica's name must have 1 to ${LONGEST_NAME} bytes, not ${nameBytes}`);
  }
  const key = Layout.identityOf(name);
  const [found] = await kv.read([key]);
  if (found !== undefined) return decodeIdentity(found.value, name);
  const uuid = platform.uuid();
  const partBytes = Math.min(LARGEST_PART, kv.limits.valueBytes);
  return kv.update([key], ([seen]) => {
    if (seen !== undefined) return { result: decodeIdentity(seen.value, name) };
    return {
      set: [
        [key, encodeJson({ format: FORMAT, uuid, partBytes })],
        [new Layout(name, uuid).counter, encodeJson(firstCounter(uuid))],
      ],
      result: { uuid, partBytes },
    };
  });
}

/** Strikes a replica out of those that the store holds, unless another has been made under its name since. */
export async function removeIdentity(kv: Kv, { identity, name, uuid }: Layout): Promise<void> {
  await kv.update([identity], ([seen]) => {
    const isThis = seen !== undefined && decodeIdentity(seen.value, name).uuid === uuid;
    return isThis ? { delete: [identity], result: undefined } : { result: undefined };
  });
}

function decodeIdentity(bytes: Uint8Array, name: string): Identity {
  const value = decodeJson(bytes);
  const { format, uuid, partBytes } = isJsonObject(value) ? value : {};
  if (typeof format === 'number' && format > FORMAT) {
    throw new StoreError(
      `The replica ${JSON.stringify(name)} was made by a newer couchtide; update couchtide to read it`,
      'newer',
    );
  }
  if (format === 1) {
    throw new StoreError(
      `The replica ${JSON.stringify(name)} has the form from before the first release; pull it into a new replica`,
      'corrupt',
    );
  }
  if (format !== FORMAT || typeof uuid !== 'string' || typeof partBytes !== 'number') {
    throw new StoreError(`The replica ${JSON.stringify(name)} is damaged: what it is cannot be read`, 'corrupt');
  }
  return { uuid, partBytes };
}
