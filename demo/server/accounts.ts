import { Refusal } from './model.ts';

/** Somebody who may log in. */
export interface Account {
  readonly name: string;
  readonly roles: readonly string[];
  /** Goes into the key of the account's cookies, so that they end with the password. */
  readonly salt: string;
}

/** The users and administrators as an operator writes them down. */
export interface AccountSettings {
  /** Name to password. */
  readonly admins?: Readonly<Record<string, string>> | undefined;
  readonly users?:
    | Readonly<Record<string, { readonly password: string; readonly roles?: readonly string[] }>>
    | undefined;
}

/** What the lock-out depends on. */
export interface LockoutSettings {
  /** How many failures of one user from one address it takes. */
  readonly threshold: () => number;
  /** Milliseconds, from any start. */
  readonly now: () => number;
}

/** Failures are forgotten after so many milliseconds without another. */
const LOCKOUT_LIFETIME = 300_000;

/** Who may log in, and who has failed to too often. */
export class Accounts {
  readonly #accounts = new Map<string, Account & { readonly password: string }>();
  readonly #lockout: LockoutSettings;
  readonly #failures = new Map<string, { count: number; until: number }>();

  /**
   * @param newSalt makes a text that nobody can guess
   */
  constructor(settings: AccountSettings, lockout: LockoutSettings, newSalt: () => string) {
    this.#lockout = lockout;
    for (const [name, { password, roles = [] }] of Object.entries(settings.users ?? {})) {
      this.#accounts.set(name, { name, password, roles, salt: newSalt() });
    }
    for (const [name, password] of Object.entries(settings.admins ?? {})) {
      this.#accounts.set(name, { name, password, roles: ['_admin'], salt: newSalt() });
    }
  }

  /** Whether there is an administrator; without one, everybody is. */
  get hasAdmins(): boolean {
    return Array.from(this.#accounts.values()).some(({ roles }) => roles.includes('_admin'));
  }

  find(name: string): Account | undefined {
    return this.#accounts.get(name);
  }

  /**
   * The account, if the password is right.
   *
   * @param address where the attempt comes from
   * @throws Refusal 403 after too many failures, whatever the password
   */
  check(name: string, password: string, address: string): Account | undefined {
    const key = JSON.stringify([address, name]);
    const now = this.#lockout.now();
    const known = this.#failures.get(key);
    const count = known !== undefined && now < known.until ? known.count : 0;
    if (count >= this.#lockout.threshold()) {
      const reason = 'Account is temporarily locked due to multiple authentication failures';
      throw new Refusal(403, 'forbidden', reason);
    }
    const account = this.#accounts.get(name);
    if (account !== undefined && account.password === password) return account;
    this.#failures.set(key, { count: count + 1, until: now + LOCKOUT_LIFETIME });
    return undefined;
  }
}
