import { isObject, isTextList, type JsonObject, type JsonValue, writeJson } from './json.ts';
import { parseJson } from './json-parse.ts';

/** Who may administer a database and who may read it: the parts of `_security` the server acts upon. */
export interface Security {
  readonly admins: SecurityGroup;
  readonly members: SecurityGroup;
}

/** Users and roles; where both are empty in `members`, everybody is a member. */
export interface SecurityGroup {
  readonly names: readonly string[];
  readonly roles: readonly string[];
}

/** A security object with the text in which it comes back. */
export interface StoredSecurity extends Security {
  readonly text: string;
}

/** The security object of a new database: only for admins. */
export function defaultSecurity(): StoredSecurity {
  const value = parseJson('{"members":{"roles":["_admin"]},"admins":{"roles":["_admin"]}}');
  return readSecurity(isObject(value) ? value : new Map());
}

/** Takes from a security object what the server acts upon. */
export function readSecurity(value: JsonObject): StoredSecurity {
  return { admins: readGroup(value.get('admins')), members: readGroup(value.get('members')), text: writeJson(value) };
}

function readGroup(value: JsonValue | undefined): SecurityGroup {
  const group = isObject(value) ? value : new Map<string, JsonValue>();
  return { names: readTexts(group.get('names')), roles: readTexts(group.get('roles')) };
}

function readTexts(value: JsonValue | undefined): readonly string[] {
  return isTextList(value) ? value : [];
}
