/**
 * The `AuthSession` cookie: who, since when, and a signature over both.
 *
 * @see https://docs.couchdb.org/en/stable/api/server/authn.html#cookie-authentication
 *
 * @module
 */

import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Account, Accounts } from './accounts.ts';
import { badRequest } from './refusals.ts';

/** What a cookie says. */
export interface Session {
  readonly account: Account;
  /** Whether a tenth of its life has passed: then it is replaced with the next answer. */
  readonly due: boolean;
}

/** Writes and reads session cookies. */
export class SessionCookies {
  readonly #accounts: Accounts;
  readonly #secret: string;
  readonly #timeout: () => number;
  readonly #now: () => number;

  /**
   * @param secret what only the server knows
   * @param timeout the life of a cookie in seconds
   * @param now milliseconds since 1970
   */
  constructor(accounts: Accounts, secret: string, timeout: () => number, now: () => number) {
    this.#accounts = accounts;
    this.#secret = secret;
    this.#timeout = timeout;
    this.#now = now;
  }

  /** The value of `Set-Cookie` that begins a session, or goes on with it. */
  issue(account: Account): string {
    const signed = `${account.name}:${this.#seconds().toString(16).toUpperCase()}`;
    return this.#setCookie(
      Buffer.concat([Buffer.from(`${signed}:`), this.#sign(signed, account)]).toString('base64url'),
    );
  }

  /** The value of `Set-Cookie` that ends a session. */
  clear(): string {
    return this.#setCookie('');
  }

  /**
   * What the `Cookie` header of a request says; `undefined` when it has no session that is valid still.
   *
   * @throws Refusal 400 for a cookie that was never one of ours
   */
  read(header: string | undefined): Session | undefined {
    const value = /(?:^|;\s*)AuthSession="?([^;"]*)/.exec(header ?? '')?.[1];
    if (value === undefined || value === '') return undefined;
    const bytes = Buffer.from(value, 'base64url');
    const first = bytes.indexOf(':');
    const second = bytes.indexOf(':', first + 1);
    if (first < 0 || second < 0) {
      throw badRequest('Malformed AuthSession cookie. Please clear your cookies.');
    }
    const account = this.#accounts.find(bytes.toString('utf8', 0, first));
    const time = bytes.toString('latin1', first + 1, second);
    if (account === undefined || !/^[0-9A-F]+$/i.test(time)) return undefined;
    const left = Number.parseInt(time, 16) + this.#timeout() - this.#seconds();
    const signature = this.#sign(bytes.toString('utf8', 0, second), account);
    if (left <= 0 || !isEqual(bytes.subarray(second + 1), signature)) return undefined;
    return { account, due: left < this.#timeout() * 0.9 };
  }

  #sign(text: string, { salt }: Account): Buffer {
    return createHmac('sha256', this.#secret + salt)
      .update(text)
      .digest();
  }

  #setCookie(value: string): string {
    const age = this.#timeout();
    const end = new Date((this.#seconds() + age) * 1000);
    const expires = end.toUTCString().replace(/ (\d\d) (\w+) (\d+) /, ' $1-$2-$3 ');
    return `AuthSession=${value}; Version=1; Expires=${expires}; Max-Age=${age}; Path=/; HttpOnly`;
  }

  #seconds(): number {
    return Math.floor(this.#now() / 1000);
  }
}

function isEqual(given: Buffer, expected: Buffer): boolean {
  return given.length === expected.length && timingSafeEqual(given, expected);
}
