/** What a provider of a `decide` hook answers, and what a call of such a hook comes to. */
export type Verdict<Value> = Decided<Value> | NoDecision;

/** Somebody has decided: nobody after is asked. */
export interface Decided<Value> {
  readonly decided: true;
  readonly value: Value;
}

/** Nobody has decided. */
export interface NoDecision {
  readonly decided: false;
}

/**
 * What a provider of a `decide` hook answers to decide.
 *
 * @example
 * ```ts
 * decided('the cellar'); // { decided: true, value: 'the cellar' }
 * ```
 */
export function decided<Value>(value: Value): Decided<Value> {
  return { decided: true, value };
}

/** What a provider of a `decide` hook answers to leave it to others; `undefined` says the same. */
export const noDecision: NoDecision = Object.freeze({ decided: false });

/** Whether something is a verdict, whichever copy of the package made it. */
export function isVerdict(value: unknown): value is Verdict<unknown> {
  if (typeof value !== 'object' || value === null || !('decided' in value)) return false;
  return value.decided === false || (value.decided === true && 'value' in value);
}
