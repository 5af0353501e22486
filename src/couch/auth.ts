import { InputError } from '../core/errors.ts';

/**
 * How requests are authorised: a name and password (RFC 7617, in UTF-8), a bearer token (RFC 6750), or a function that is
 * asked for headers before every request, for tokens that are renewed elsewhere.
 */
export type Auth =
  | { readonly username: string; readonly password: string }
  | { readonly bearer: string }
  | (() => HeadersInit | Promise<HeadersInit>);

/** The headers that authorise the next request. */
export type Authorize = () => Promise<Headers>;

/**
 * @throws InputError for a value that is none of the forms of {@link Auth}
 */
export function authorizer(auth: Auth | undefined): Authorize {
  if (auth === undefined) return async () => new Headers();
  if (typeof auth === 'function') return async () => new Headers(await auth());
  if ('bearer' in auth) return constant(`Bearer ${auth.bearer}`);
  if ('username' in auth && 'password' in auth) return constant(basic(auth.username, auth.password));
  throw new InputError('Option auth must be { username, password }, { bearer } or a function that returns headers');
}

function constant(authorization: string): Authorize {
  let headers: Headers;
  try {
    headers = new Headers({ authorization });
  } catch {
    // The platform's own message would show the secret.
    throw new InputError('Option auth holds characters that cannot be sent in a header');
  }
  return async () => headers;
}

function basic(username: string, password: string): string {
  if (username.includes(':')) throw new InputError('A user name must not contain a colon');
  const bytes = new TextEncoder().encode(`${username}:${password}`);
  return `Basic ${btoa(String.fromCharCode(...bytes))}`;
}
