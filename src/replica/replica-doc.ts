import { type JsonObject, parseObject } from '../core/json-value.ts';

/** A document of a replica, parsed. */
export interface ReplicaDoc extends JsonObject {
  readonly _id: string;
  readonly _rev: string;
}

/** @throws ProtocolError when the text is no JSON object */
export function parseDoc(text: string): ReplicaDoc {
  const document = parseObject(text, 'A document of the replica');
  const { _id, _rev } = document;
  return { ...document, _id: String(_id), _rev: String(_rev) };
}
