/** Who a request comes from. */
export interface Identity {
  /** `null` for nobody in particular. */
  readonly name: string | null;
  readonly roles: readonly string[];
  /** How it was proven: `default` (basic), `cookie`; absent for the anonymous. */
  readonly authenticated?: string;
  /** A renewed cookie, to be sent with whatever is answered. */
  readonly setCookie?: string;
}

/** Nobody in particular. */
export const ANONYMOUS: Identity = { name: null, roles: [] };
