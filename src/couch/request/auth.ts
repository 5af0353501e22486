import { InputError } from '../../core/errors.ts';
import type { Authorization, Credentials } from './authorization.ts';
import { SessionAuthorization } from './session.ts';

/**
 * How requests are authorised:
 *
 * - a name and password, sent with every request (RFC 7617, in UTF-8);
 * - a bearer token (RFC 6750);
 * - a session: the name and password are sent once, to `POST /_session`, and a cookie from then on, which is renewed before
 *   it ends;
 * - a function that is asked for headers before every request, for tokens that are renewed elsewhere. After a status 401
 *   it is asked once more, with the headers that were refused; of many requests that are refused at the same time, for all of
 *   them. They are repeated if it gives others, and otherwise fail.
 */
export type Auth =
  | Credentials
  | { readonly bearer: string }
  | { readonly session: Credentials }
  | ((refused?: Headers) => HeadersInit | Promise<HeadersInit>);

/**
 * @param server where sessions are begun
 * @throws InputError for a value that is none of the forms of {@link Auth}
 */
export function authorizationOf(auth: Auth | undefined, server: string): Authorization {
  if (auth === undefined) return constant(new Headers());
  if (typeof auth === 'function') return new AskedAuthorization(auth);
  if ('bearer' in auth) return constant(authorizationHeader(`Bearer ${auth.bearer}`));
  if ('session' in auth) return new SessionAuthorization(server, auth.session, basic(auth.session));
  if ('username' in auth && 'password' in auth) return constant(basic(auth));
  throw new InputError(
    'Option auth must be { username, password }, { bearer }, { session } or a function that returns headers',
  );
}

function constant(headers: Headers): Authorization {
  return { headers: async () => headers, renew: async () => false };
}

class AskedAuthorization implements Authorization {
  readonly #ask: (refused?: Headers) => HeadersInit | Promise<HeadersInit>;
  #renewal: Promise<Headers> | undefined;

  constructor(ask: (refused?: Headers) => HeadersInit | Promise<HeadersInit>) {
    this.#ask = ask;
  }

  async headers(): Promise<Headers> {
    return new Headers(await this.#ask());
  }

  async renew(refused: Headers): Promise<boolean> {
    // Another request may have had them renewed meanwhile.
    if (!isSame(refused, await this.headers())) return true;
    this.#renewal ??= this.#renewed(refused).finally(() => {
      this.#renewal = undefined;
    });
    return !isSame(refused, await this.#renewal);
  }

  async #renewed(refused: Headers): Promise<Headers> {
    return new Headers(await this.#ask(refused));
  }
}

function isSame(one: Headers, other: Headers): boolean {
  let differs = false;
  other.forEach((value, name) => {
    if (one.get(name) !== value) differs = true;
  });
  return !differs;
}

function basic({ username, password }: Credentials): Headers {
  if (username.includes(':')) throw new InputError('A user name must not contain a colon');
  const bytes = new TextEncoder().encode(`${username}:${password}`);
  return authorizationHeader(`Basic ${btoa(String.fromCharCode(...bytes))}`);
}

function authorizationHeader(authorization: string): Headers {
  try {
    return new Headers({ authorization });
  } catch {
    // The platform's own message would show the secret.
    throw new InputError('Option auth holds characters that cannot be sent in a header');
  }
}
