import { InputError } from '../core/errors.ts';
import type { CallContext } from './dispatch/call.ts';
import type { AnswerOf, ArgsOf, HookShape } from './hook.ts';
import type { NoDecision, Verdict } from './verdict.ts';

/** A hook of a service, as it is called: `registry.call(hook, args)`. */
export type Hook<Shape extends HookShape = HookShape> = Shape & {
  /** The id of the service that it belongs to. */
  readonly service: string;
  readonly name: string;
  /** What the whole service looks like: two of one id must look the same. */
  readonly shape: string;
};

/** The hooks of a service by name. */
export type Hooks = { readonly [name: string]: HookShape } & { readonly id?: never; readonly dispose?: never };

/** A service, whatever its hooks. */
export interface AnyService {
  /** What the service is known by. */
  readonly id: string;
}

/** A service: what others may implement, as {@link defineService} makes it. */
export type Service<H extends Hooks> = AnyService & {
  readonly [Name in Exclude<keyof H, 'id' | 'dispose'>]: Hook<Extract<H[Name], HookShape>>;
};

/** What one provider may answer. */
export type ReplyOf<Shape extends HookShape> = Shape['mode'] extends 'decide'
  ? ReplyIn<Shape, Verdict<AnswerOf<Shape>> | NoDecision | undefined>
  : ReplyIn<Shape, AnswerOf<Shape>>;

/** A promise is no answer to a synchronous hook, also where nothing is to be answered. */
export type ReplyIn<Shape extends HookShape, Reply> = Shape['sync'] extends true
  ? // biome-ignore lint/suspicious/noConfusingVoidType: a hook that answers nothing is written with void
    [Reply] extends [void]
    ? undefined
    : Reply
  : Reply | PromiseLike<Reply>;

/**
 * An implementation of a service, or of some of its hooks: an object, or an instance of a class. Each hook is given its arguments
 * and, behind them, the {@link CallContext}. `dispose` is called once nobody calls the provider any more.
 */
export type Provider<S extends AnyService> = {
  readonly [Name in Exclude<keyof S, 'id' | 'dispose'>]?: S[Name] extends HookShape
    ? (...args: [...ArgsOf<S[Name]>, context: CallContext]) => ReplyOf<S[Name]>
    : never;
} & { dispose?(): void | PromiseLike<void> };

/**
 * Defines a service: an id, and the hooks that others may implement, each with its mode and its types. It is made once, by who
 * calls the hooks, and exported for those who provide them.
 *
 * Services meet by their id, so that two copies of a module in one program mean the same; two shapes under one id are refused
 * by the registry.
 *
 * @throws InputError for an id without characters, and for hooks called `id` or `dispose`
 *
 * @example
 * ```ts
 * const kitchen = defineService('kitchen', {
 *   season: pipe<string, [guests: number]>(),
 *   isAllergic: anyOf<[ingredient: string]>(),
 * });
 * const registry = createRegistry();
 * registry.provide(kitchen, { season: (dish, guests) => `${dish} with ${guests} pinches of salt` });
 * await registry.call(kitchen.season, ['soup', 4]); // 'soup with 4 pinches of salt'
 * await registry.call(kitchen.isAllergic, ['nuts']); // false
 * ```
 */
export function defineService<const H extends Hooks>(id: string, hooks: H): Service<H> {
  if (typeof id !== 'string' || id === '')
    throw new InputError('The id of a service must be a text, such as "kitchen"');
  const shapes = Object.entries<HookShape>(hooks);
  const reserved = shapes.find(([name]) => name === 'id' || name === 'dispose');
  if (reserved !== undefined) throw new InputError(`The service "${id}" cannot call a hook "${reserved[0]}"`);
  const shape = shapeOf(shapes);
  const bound = shapes.map(([name, hook]) => [name, Object.freeze({ ...hook, service: id, name, shape })] as const);
  return Object.freeze({ id, ...Object.fromEntries<Hook>(bound) }) as Service<H>;
}

/** The hooks of a service, in the order in which they were defined. */
export function hooksOf(service: AnyService): Hook[] {
  return Object.values<unknown>({ ...service }).filter((member): member is Hook => typeof member === 'object');
}

function shapeOf(hooks: readonly (readonly [string, HookShape])[]): string {
  const shapes = hooks.map(([name, { mode, sync, all = false }]) => [name, mode, sync, all] as const);
  return JSON.stringify(shapes.sort(([a], [b]) => (a < b ? -1 : 1)));
}
