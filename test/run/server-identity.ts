import { withoutCredentials } from '../support/source-database.ts';

/** Who a server says it is, in answer to `GET /`. */
export interface ServerIdentity {
  /** `CouchDB`, or the name under which another server welcomes. */
  readonly product: string;
  /** As it is told, such as `3.4.3`; empty where it is not. */
  readonly version: string;
  /** Who made it; empty where that is not told. */
  readonly vendor: string;
}

/** How long a server may take to greet. */
const PATIENCE = 10_000;

/**
 * Asks a server who it is.
 *
 * @param url with credentials, where it asks for any
 * @throws Error with a sentence that says what is wrong, without the credentials
 */
export async function identify(url: string): Promise<ServerIdentity> {
  const { url: bare, headers } = withoutCredentials(url);
  const answer = await greet(bare, headers);
  const text = await answer.text();
  if (answer.status === 401 || answer.status === 403) {
    throw new Error(
      `${bare} turns us away with status ${answer.status}; give the name and password of an administrator`,
    );
  }
  const identity = answer.ok ? identityOf(text) : undefined;
  if (identity === undefined) {
    throw new Error(
      `${bare} answers, but not as a CouchDB does (status ${answer.status}); give the url of the server itself`,
    );
  }
  return identity;
}

/** A server as a heading names it: product, version and vendor. */
export function titleOf({ product, version, vendor }: ServerIdentity): string {
  return [product, version, vendor === '' ? '' : `(${vendor})`].filter((part) => part !== '').join(' ');
}

/** Whether a version is another one or later. */
export function isAtLeast(version: string, least: string): boolean {
  const [ours, theirs] = [version, least].map((text) => text.split('.').map((part) => Number.parseInt(part, 10) || 0));
  for (const [place, wanted] of (theirs ?? []).entries()) {
    const difference = (ours?.[place] ?? 0) - wanted;
    if (difference !== 0) return difference > 0;
  }
  return true;
}

async function greet(bare: string, headers: Record<string, string>): Promise<Response> {
  try {
    return await fetch(`${bare}/`, {
      headers: { ...headers, accept: 'application/json' },
      signal: AbortSignal.timeout(PATIENCE),
    });
  } catch (error) {
    throw new Error(`Nobody answers at ${bare} (${reasonOf(error)}); start the server or correct the url`);
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `silent for ${PATIENCE / 1000} seconds`;
  return error.cause instanceof Error ? reasonOf(error.cause) : error.message;
}

function identityOf(text: string): ServerIdentity | undefined {
  let greeting: unknown;
  try {
    greeting = JSON.parse(text);
  } catch {
    // A page of something else; told by the caller.
    return undefined;
  }
  if (typeof greeting !== 'object' || greeting === null) return undefined;
  const { version, vendor } = greeting as { version?: unknown; vendor?: { name?: unknown } };
  const product = Object.entries(greeting).find(([, value]) => /^Welcome/.test(String(value)))?.[0];
  if (product === undefined) return undefined;
  return {
    product: product === 'couchdb' ? 'CouchDB' : product,
    version: typeof version === 'string' ? version : '',
    vendor: typeof vendor?.name === 'string' ? vendor.name : '',
  };
}
