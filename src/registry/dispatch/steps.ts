import type { Target } from './target.ts';

/** What is asked of one provider. */
export interface Ask {
  readonly target: Target;
  readonly args: readonly unknown[];
}

/** How one provider answered. */
export type Reply =
  | { readonly target: Target; readonly ok: true; readonly value: unknown }
  | { readonly target: Target; readonly ok: false; readonly error: unknown };

/**
 * A call of a hook as a plan: what is asked next, all of it at once, is yielded, and the replies are sent in, in the same order. So a
 * mode is written once, for providers that answer at once and for those that take their time.
 */
export type Steps = Generator<readonly Ask[], unknown, readonly Reply[]>;
