import { distinctUntilChanged, map, type Observable, startWith } from 'rxjs';
import { InputError } from '../core/errors.ts';
import type { ErrorPolicy } from './dispatch/call.ts';
import { Dispatcher } from './dispatch/dispatcher.ts';
import type { Dispatch } from './dispatch/modes.ts';
import type { Target } from './dispatch/target.ts';
import { targetsOf } from './dispatch/targets.ts';
import type { Ledger } from './ledger.ts';
import { type AnyService, type Hook, hooksOf } from './service.ts';

/** The services of a registry, and the calls of their hooks. */
export class Services {
  readonly #ledger: Ledger;
  readonly #dispatcher: Dispatcher;
  /** What each service looks like, by its id. */
  readonly #shapes = new Map<string, string>();
  readonly #known = new Map<string, AnyService>();

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
    this.#dispatcher = new Dispatcher(ledger.platform, (provider) => ledger.retirement.hold(provider));
  }

  /** The services that somebody has provided. */
  get known(): Iterable<AnyService> {
    return this.#known.values();
  }

  /** @throws InputError when there is another service of the same id */
  know(service: AnyService): void {
    for (const hook of hooksOf(service)) this.#check(hook);
    this.#known.set(service.id, service);
  }

  /** Who provides a hook now, in order. */
  targets(hook: Hook): readonly Target[] {
    this.#check(hook);
    return targetsOf(this.#ledger.roster<object>('service', hook.service).list, hook);
  }

  /** What the call comes to: a promise, unless the hook is synchronous or runs in the background. */
  call(
    hook: Hook,
    args: readonly unknown[],
    options: Dispatch['options'] & { readonly onError?: ErrorPolicy },
  ): unknown {
    const report: Dispatch['report'] = (error) => this.#ledger.errors.next(error);
    try {
      this.#ledger.refuseClosed();
      return this.#dispatcher.call({ hook, targets: this.targets(hook), args, options, report });
    } catch (error) {
      if (hook.sync || hook.mode === 'background') throw error;
      return Promise.reject(error);
    }
  }

  /** Whether anybody provides a hook, as it changes. */
  isConfigured$(hook: Hook): Observable<boolean> {
    const { updates } = this.#ledger.roster<object>('service', hook.service);
    return updates.pipe(
      startWith(undefined),
      map(() => this.targets(hook).length > 0),
      distinctUntilChanged(),
    );
  }

  #check({ service, shape }: Hook): void {
    const known = this.#shapes.get(service);
    if (known === shape) return;
    if (known !== undefined) throw new InputError(`Service "${service}" is defined twice, with different hooks`);
    this.#shapes.set(service, shape);
  }
}

/** @throws InputError when a provider has something else in the place of a hook */
export function refuseProvider(service: AnyService, provider: object): void {
  if (typeof provider !== 'object' || provider === null) {
    throw new InputError(`A provider of service "${service.id}" must be an object with some of its hooks`);
  }
  for (const { name } of hooksOf(service)) {
    const member: unknown = Reflect.get(provider, name);
    if (member === undefined || typeof member === 'function') continue;
    throw new InputError(`Hook "${service.id}.${name}" must be provided by a function, not by a ${typeof member}`);
  }
}
