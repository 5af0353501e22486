/** What a `Content-Type` header says (RFC 9110, section 8.3). */
export interface MediaType {
  /** `type/subtype`, in lower case. */
  readonly type: string;
  /** The parameters by their names in lower case; of several of one name the first. */
  readonly parameters: ReadonlyMap<string, string>;
}

/**
 * Reads a `Content-Type`. Parameters may be quoted or not; what is neither is passed over.
 *
 * @example
 * ```ts
 * parseMediaType('multipart/mixed; boundary="--x"').parameters.get('boundary'); // '--x'
 * ```
 */
export function parseMediaType(header: string): MediaType {
  const [type = ''] = header.split(';', 1);
  const parameters = new Map<string, string>();
  for (const [, name = '', quoted, bare = ''] of header.slice(type.length).matchAll(PARAMETER)) {
    const key = name.toLowerCase();
    if (!parameters.has(key)) parameters.set(key, quoted?.replace(/\\(.)/g, '$1') ?? bare);
  }
  return { type: type.trim().toLowerCase(), parameters };
}

/** The boundary of a multipart body; undefined when the header announces no such body. */
export function boundaryOf(header: string | null | undefined): string | undefined {
  const { type, parameters } = parseMediaType(header ?? '');
  return type.startsWith('multipart/') ? parameters.get('boundary') : undefined;
}

const PARAMETER = /;[ \t]*([^\s;="]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*))/g;
