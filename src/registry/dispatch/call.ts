import type { PluginError } from '../../core/errors.ts';
import type { AnswerOf, HookShape, Mode } from '../hook.ts';
import type { Verdict } from '../verdict.ts';

/** What a provider learns of the call that it is in, behind the arguments of the hook. */
export interface CallContext {
  /** Aborts when the caller gives up, or the provider has taken longer than it may. */
  readonly signal: AbortSignal;
  /** How many calls of hooks are around this one, itself included: 1 for a call from outside. */
  readonly depth: number;
}

/**
 * What becomes of a provider's failure: the caller gets it (`rethrow`, the default), it stands among the answers
 * (`collect`), or the provider counts as one that is not there, and the failure goes to `errors$` (`skip`).
 */
export type ErrorPolicy = 'rethrow' | 'collect' | 'skip';

/** The error policies of a mode: failures can be collected only where answers are. */
export type PolicyOf<M extends Mode> = M extends 'series' | 'parallel'
  ? ErrorPolicy
  : M extends 'background'
    ? never
    : 'rethrow' | 'skip';

/** Options of `registry.call`, as far as the mode of the hook has a use for them. */
export interface CallOptions<M extends Mode, P extends ErrorPolicy = ErrorPolicy, Default = unknown> {
  readonly onError?: PolicyOf<M> & P;
  /** Ends the call with the signal's reason; providers see it as `context.signal`. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds that each provider may take; longer is a failure. Default: as long as it wants. Not for synchronous hooks. */
  readonly timeout?: number;
  /** The context of the provider that makes this call, when one does: its signal holds here too, and circles are noticed. */
  readonly within?: CallContext;
  /** Of a `series` hook: calls all providers at once, for this time. */
  readonly concurrent?: M extends 'series' ? boolean : never;
  /** Of a `decide` hook: the answer when nobody decides. */
  readonly otherwise?: M extends 'decide' ? Default : never;
  /** Of a `background` hook: is given the promise of the end, as edge runtimes want it to stay alive (`ctx.waitUntil`). */
  readonly waitUntil?: M extends 'background' ? (ended: Promise<void>) => void : never;
}

/** What one provider answered. */
export interface Answered<Value> {
  /** The plugin that provides it. */
  readonly plugin: string;
  readonly value: Value;
}

/** What one provider came to, with the policy `collect`. */
export type Outcome<Value> =
  | { readonly plugin: string; readonly ok: true; readonly value: Value }
  | { readonly plugin: string; readonly ok: false; readonly error: PluginError };

/** What a call of a hook comes to. */
export type ResultOf<Shape extends HookShape, P extends ErrorPolicy, Default> = Shape['sync'] extends true
  ? CallResult<Shape, P, Default>
  : Shape['mode'] extends 'background'
    ? undefined
    : Promise<CallResult<Shape, P, Default>>;

/** What a call comes to, once it is there. */
export type CallResult<Shape extends HookShape, P extends ErrorPolicy, Default> = {
  series: Answers<AnswerOf<Shape>, P>;
  parallel: Answers<AnswerOf<Shape>, P>;
  background: undefined;
  pipe: AnswerOf<Shape>;
  decide: [Default] extends [never] ? Verdict<AnswerOf<Shape>> : AnswerOf<Shape> | Default;
  anyOf: boolean;
  allOf: boolean;
}[Shape['mode']];

/** The answers of all providers, with those that failed where they are collected. */
export type Answers<Value, P extends ErrorPolicy> = P extends 'collect' ? Outcome<Value>[] : Answered<Value>[];
