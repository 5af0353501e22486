import { isObject, type JsonObject, type JsonValue } from './json.ts';
import { badRequest } from './refusals.ts';

/**
 * Checks the form of a design document, as CouchDB does before it stores one; functions are not compiled.
 *
 * @throws Refusal 400 `invalid_design_doc`
 */
export function checkDesignDocument(body: JsonObject): void {
  const mapType = body.get('language') === 'query' ? 'object' : 'string';
  for (const path of PATHS) checkPath(body, path, mapType, []);
  const views = body.get('views');
  for (const [name, view] of isObject(views) ? views : []) {
    if (name === 'lib' || (isObject(view) && view.has('map'))) continue;
    throw invalid(`View \`${name}\` must contain map function`);
  }
}

type FieldType = 'object' | 'string' | 'boolean' | 'array';

/** A step to a member, `*` for every member, with the types it may have; `map` stands for the type of map functions. */
type Step = readonly [name: string, ...types: (FieldType | 'map')[]];

const PATHS: readonly (readonly Step[])[] = [
  [
    ['filters', 'object'],
    ['*', 'object', 'string'],
  ],
  [['language', 'string']],
  [
    ['lists', 'object'],
    ['*', 'object', 'string'],
  ],
  [['options', 'object']],
  [
    ['options', 'object'],
    ['include_design', 'boolean'],
  ],
  [
    ['options', 'object'],
    ['local_seq', 'boolean'],
  ],
  [
    ['options', 'object'],
    ['partitioned', 'boolean'],
  ],
  [['rewrites', 'string', 'array']],
  [
    ['shows', 'object'],
    ['*', 'object', 'string'],
  ],
  [
    ['updates', 'object'],
    ['*', 'object', 'string'],
  ],
  [['validate_doc_update', 'string']],
  [
    ['views', 'object'],
    ['lib', 'object'],
  ],
  [
    ['views', 'object'],
    ['*', 'object'],
    ['map', 'map'],
  ],
  [
    ['views', 'object'],
    ['*', 'object'],
    ['reduce', 'string'],
  ],
];

function checkPath(value: JsonValue, path: readonly Step[], mapType: FieldType, walked: readonly string[]): void {
  const [step, ...rest] = path;
  if (step === undefined || !isObject(value)) return;
  const [wanted, ...types] = step;
  for (const [name, member] of value) {
    if (wanted !== '*' && wanted !== name) continue;
    const allowed = types.map((type) => (type === 'map' ? mapType : type));
    const here = [...walked, name];
    if (!allowed.some((type) => hasType(member, type))) {
      throw invalid(`\`${here.join('.')}\` field must have ${allowed.join(' or ')} type`);
    }
    checkPath(member, rest, mapType, here);
  }
}

function hasType(value: JsonValue, type: FieldType): boolean {
  if (type === 'object') return isObject(value);
  return type === 'array' ? Array.isArray(value) : typeof value === type;
}

function invalid(reason: string): Error {
  return badRequest(reason, 'invalid_design_doc');
}
