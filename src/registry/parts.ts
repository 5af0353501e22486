import { DispatchError, InputError, PluginError } from '../core/errors.ts';
import type { Registration } from './shelf.ts';

/** What a part that runs is ended with: a function, an object with `dispose`, or nothing at all. */
// biome-ignore lint/suspicious/noConfusingVoidType: it is what a function without a return statement returns
export type Ending = void | (() => unknown) | { dispose(): unknown };

/** Begins a part of a component, such as something that runs in its background. */
export type PartFactory<Args extends readonly unknown[] = never[]> = (...args: Args) => Ending | PromiseLike<Ending>;

/** The parts of a component, as {@link defineParts} makes them. */
export interface Parts<Args extends readonly unknown[] = never[]> {
  readonly id: string;
  /** For the compiler alone, and never there: what each part is begun with. */
  readonly start?: PartFactory<Args>;
}

/** A part as it is contributed. */
export interface Part {
  readonly name: string;
  readonly isOverride: boolean;
  readonly factory: PartFactory;
}

/** What runs since `registry.start`. */
export interface RunningParts {
  /** By name, in the order in which they were begun. */
  readonly names: readonly string[];
  /**
   * Ends all of them, the last one first, and waits for that.
   *
   * @throws DispatchError when some could not be ended; all the others are
   */
  stop(): Promise<void>;
}

/**
 * Defines the parts of a component that works in the background. The component contributes its own, plugins add to them or override
 * one by its name, and `registry.start` begins them in order.
 *
 * @throws InputError for an id without characters
 *
 * @example
 * ```ts
 * const ovens = defineParts<[kitchen: string]>('kitchen/ovens');
 * const registry = createRegistry();
 * registry.part(ovens, 'grill', (kitchen) => () => console.log(`The grill in the ${kitchen} is off`));
 * const running = await registry.start(ovens, ['cellar']);
 * running.names; // ['grill']
 * await running.stop();
 * ```
 */
export function defineParts<Args extends readonly unknown[] = []>(id: string): Parts<Args> {
  if (typeof id !== 'string' || id === '')
    throw new InputError('The id of parts must be a text, such as "kitchen/ovens"');
  return Object.freeze({ id });
}

/** @throws InputError when a part cannot be added to what is there */
export function refusePart(id: string, list: readonly Registration<Part>[], { name, isOverride }: Part): void {
  const other = list.find(({ item }) => item.name === name);
  if (isOverride && other === undefined) {
    throw new InputError(`There is no part "${name}" of "${id}" to override; register the plugin that has it before`);
  }
  if (!isOverride && other !== undefined) {
    throw new InputError(
      `Plugin "${other.plugin}" has part "${name}" of "${id}" already; give another name, or override: true to replace it`,
    );
  }
}

/** Begins parts in order. */
export async function startParts(
  id: string,
  list: readonly Registration<Part>[],
  args: never[],
): Promise<RunningParts> {
  const chosen = choose(list);
  const begun: { readonly part: Registration<Part>; readonly ending: unknown }[] = [];
  const stop = async (): Promise<PluginError[]> => {
    const failures: PluginError[] = [];
    for (const { part, ending } of begun.splice(0).reverse()) {
      try {
        await settleEnding(ending);
      } catch (cause) {
        failures.push(failureOf(id, part, 'could not be ended', cause));
      }
    }
    return failures;
  };
  for (const part of chosen) {
    try {
      begun.push({ part, ending: await part.item.factory(...args) });
    } catch (cause) {
      const failure = failureOf(id, part, 'could not be begun', cause);
      const more = await stop();
      throw more.length === 0 ? failure : new DispatchError(failure.message, [failure, ...more]);
    }
  }
  return {
    names: chosen.map(({ item }) => item.name),
    async stop() {
      const failures = await stop();
      if (failures.length > 0) throw new DispatchError(failures.map(({ message }) => message).join('; '), failures);
    },
  };
}

function failureOf(id: string, { plugin, item }: Registration<Part>, what: string, cause: unknown): PluginError {
  const said = cause instanceof Error ? cause.message : String(cause);
  const message = `Part "${item.name}" of "${id}" from plugin "${plugin}" ${what}: ${said}`;
  return new PluginError(message, { plugin, key: id }, { cause });
}

/** Ends what a part or a plugin has begun; something else than an {@link Ending} has no end. */
export async function settleEnding(ending: unknown): Promise<void> {
  if (typeof ending === 'function') await ending();
  else if (
    typeof ending === 'object' &&
    ending !== null &&
    'dispose' in ending &&
    typeof ending.dispose === 'function'
  ) {
    await ending.dispose();
  }
}

/** One part of each name: the one that was registered last, in the place of the one that was registered first. */
function choose(list: readonly Registration<Part>[]): Registration<Part>[] {
  const sooner = [...list].sort((a, b) => a.id - b.id);
  return list.flatMap((one) => {
    const rivals = sooner.filter(({ item }) => item.name === one.item.name);
    return rivals[0] === one ? rivals.slice(-1) : [];
  });
}
