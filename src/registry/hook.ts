/**
 * How the providers of a hook are called:
 *
 * - `series`: one after another, all answers as a list;
 * - `parallel`: all at once, all answers as a list;
 * - `background`: all at once, and nobody waits;
 * - `pipe`: the answer of one is the value that the next is given;
 * - `decide`: one after another until one decides;
 * - `anyOf`: one after another until one says true;
 * - `allOf`: one after another until one says false.
 */
export type Mode = 'series' | 'parallel' | 'background' | 'pipe' | 'decide' | 'anyOf' | 'allOf';

/** One operation that providers may implement, with the way in which they are called. */
export interface HookShape<
  M extends Mode = Mode,
  Signature extends (...args: never[]) => unknown = (...args: never[]) => unknown,
  Sync extends boolean = boolean,
> {
  readonly mode: M;
  /** Whether providers answer at once; otherwise they may answer with promises. */
  readonly sync: Sync;
  /** In `anyOf` and `allOf`: whether all are called, for what they do, even when the answer is known. */
  readonly all?: boolean;
  /** In `pipe`: whether what a provider answers may go on to the next. By default all but undefined may. */
  readonly accepts?: (value: unknown) => boolean;
  /** For the compiler alone, and never there: what is given and what is answered. */
  readonly signature?: Signature;
}

/** What a hook is called with. */
export type ArgsOf<Shape> = Shape extends HookShape<Mode, infer Signature> ? Required<Parameters<Signature>> : never;

/** What a hook is about: the answer of one provider, for `decide` the value that is decided on. */
export type AnswerOf<Shape> = Shape extends HookShape<Mode, infer Signature> ? ReturnType<Signature> : never;

/** Options of every hook. */
export interface HookOptions<Sync extends boolean> {
  /** Whether providers answer at once, for what is called very often. Promises are refused then. Default false. */
  readonly sync?: Sync;
}

/** Options of `anyOf` and `allOf`. */
export interface VoteOptions<Sync extends boolean> extends HookOptions<Sync> {
  /** Whether all are called, for what they do, even when the answer is known. Default false. */
  readonly all?: boolean;
}

/** Options of `pipe`. */
export interface PipeOptions<Value, Sync extends boolean> extends HookOptions<Sync> {
  /** Whether what a provider answers may go on to the next. By default all but undefined may. */
  readonly accepts?: (value: unknown) => value is Value;
}

/** A hook whose providers are called one after another; a call answers what each of them answered. */
export function series<Args extends readonly unknown[], Answer = void>(
  options?: HookOptions<false>,
): HookShape<'series', (...args: Args) => Answer, false>;
/** The same for providers that answer at once. */
export function series<Args extends readonly unknown[], Answer = void>(
  options: HookOptions<true>,
): HookShape<'series', (...args: Args) => Answer, true>;
export function series({ sync = false }: HookOptions<boolean> = {}): HookShape<'series'> {
  return { mode: 'series', sync };
}

/** A hook whose providers are called all at once; a call answers what each of them answered, in their order. */
export function parallel<Args extends readonly unknown[], Answer = void>(
  options?: HookOptions<false>,
): HookShape<'parallel', (...args: Args) => Answer, false>;
/** The same for providers that answer at once. */
export function parallel<Args extends readonly unknown[], Answer = void>(
  options: HookOptions<true>,
): HookShape<'parallel', (...args: Args) => Answer, true>;
export function parallel({ sync = false }: HookOptions<boolean> = {}): HookShape<'parallel'> {
  return { mode: 'parallel', sync };
}

/** A hook whose providers are called all at once, while the caller goes on. Failures go to the registry's `errors$`. */
export function background<Args extends readonly unknown[]>(
  options?: HookOptions<false>,
): HookShape<'background', (...args: Args) => void, false>;
/** The same for providers that are done at once. */
export function background<Args extends readonly unknown[]>(
  options: HookOptions<true>,
): HookShape<'background', (...args: Args) => void, true>;
export function background({ sync = false }: HookOptions<boolean> = {}): HookShape<'background'> {
  return { mode: 'background', sync };
}

/**
 * A hook that a value goes through: each provider is given what the one before answered. What comes after the value
 * (`Context`) is the same for all.
 */
export function pipe<Value, Context extends readonly unknown[] = []>(
  options?: PipeOptions<Value, false>,
): HookShape<'pipe', (...args: [value: Value, ...context: Context]) => Value, false>;
/** The same for providers that answer at once. */
export function pipe<Value, Context extends readonly unknown[] = []>(
  options: PipeOptions<Value, true> & { readonly sync: true },
): HookShape<'pipe', (...args: [value: Value, ...context: Context]) => Value, true>;
export function pipe({ sync = false, accepts }: PipeOptions<unknown, boolean> = {}): HookShape<'pipe'> {
  return { mode: 'pipe', sync, ...(accepts === undefined ? {} : { accepts }) };
}

/** A hook whose providers are asked one after another, until one answers with `decided`. */
export function decide<Args extends readonly unknown[], Value>(
  options?: HookOptions<false>,
): HookShape<'decide', (...args: Args) => Value, false>;
/** The same for providers that answer at once. */
export function decide<Args extends readonly unknown[], Value>(
  options: HookOptions<true>,
): HookShape<'decide', (...args: Args) => Value, true>;
export function decide({ sync = false }: HookOptions<boolean> = {}): HookShape<'decide'> {
  return { mode: 'decide', sync };
}

/** A hook that is true when one of its providers says so; false without any. */
export function anyOf<Args extends readonly unknown[]>(
  options?: VoteOptions<false>,
): HookShape<'anyOf', (...args: Args) => boolean, false>;
/** The same for providers that answer at once. */
export function anyOf<Args extends readonly unknown[]>(
  options: VoteOptions<true> & { readonly sync: true },
): HookShape<'anyOf', (...args: Args) => boolean, true>;
export function anyOf({ sync = false, all = false }: VoteOptions<boolean> = {}): HookShape<'anyOf'> {
  return { mode: 'anyOf', sync, all };
}

/** A hook that is false when one of its providers says so; true without any. */
export function allOf<Args extends readonly unknown[]>(
  options?: VoteOptions<false>,
): HookShape<'allOf', (...args: Args) => boolean, false>;
/** The same for providers that answer at once. */
export function allOf<Args extends readonly unknown[]>(
  options: VoteOptions<true> & { readonly sync: true },
): HookShape<'allOf', (...args: Args) => boolean, true>;
export function allOf({ sync = false, all = false }: VoteOptions<boolean> = {}): HookShape<'allOf'> {
  return { mode: 'allOf', sync, all };
}
