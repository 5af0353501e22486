import { childController } from '../../core/abort.ts';
import { CouchtideError, InputError } from '../../core/errors.ts';
import { isPromise } from '../../core/is-promise.ts';
import type { Platform } from '../../core/platform.ts';
import { unlessAborted } from '../unless-aborted.ts';
import type { CallContext } from './call.ts';
import { type Dispatch, plan } from './modes.ts';
import { refuseOptions } from './refuse-options.ts';
import type { Ask, Reply, Steps } from './steps.ts';

/** How many calls of hooks may be around one: deeper than any that is meant. */
const DEEPEST = 64;

/** Carries out calls of hooks. */
export class Dispatcher {
  readonly #platform: Pick<Platform, 'sleep'>;
  readonly #hold: (provider: object) => () => void;
  /** How deep the call is whose provider runs right now, without having waited for anything yet. */
  #depth = 0;

  /** @param hold keeps a provider from being disposed of while it runs; returns what ends that */
  constructor(platform: Pick<Platform, 'sleep'>, hold: (provider: object) => () => void) {
    this.#platform = platform;
    this.#hold = hold;
  }

  /** What the call comes to: a promise, unless the hook is synchronous or runs in the background. */
  call(dispatch: Dispatch): unknown {
    const { hook, options } = dispatch;
    const depth = this.#enter(dispatch);
    if (hook.sync) return this.#atOnce(dispatch, depth);
    const result = this.#inTime(dispatch, depth);
    if (hook.mode !== 'background') return result;
    // It fails only of the signal that the caller has aborted.
    const ended = result.then(nothing, nothing);
    options.waitUntil?.(ended);
    return undefined;
  }

  /** The depth of a new call. */
  #enter({ hook, options }: Dispatch): number {
    refuseOptions(hook, options);
    const depth = (options.within?.depth ?? this.#depth) + 1;
    if (depth <= DEEPEST) return depth;
    const name = `${hook.service}.${hook.name}`;
    throw new InputError(`Hook "${name}" is called ${DEEPEST} calls deep: its providers call each other in a circle`);
  }

  #atOnce(dispatch: Dispatch, depth: number): unknown {
    const { signal: own, within } = dispatch.options;
    const context = {
      depth,
      get signal() {
        return own ?? within?.signal ?? new AbortController().signal;
      },
    };
    const steps = plan(dispatch);
    const release = this.#holdAll(dispatch);
    try {
      let step = steps.next();
      while (!step.done) {
        own?.throwIfAborted();
        within?.signal.throwIfAborted();
        step = steps.next(step.value.map((ask) => this.#reply(ask, context)));
      }
      return step.value;
    } finally {
      release();
    }
  }

  async #inTime(dispatch: Dispatch, depth: number): Promise<unknown> {
    const { timeout, signal, within } = dispatch.options;
    const call = childController(signal, within?.signal);
    const wait = (ask: Ask): Promise<Reply> => this.#replyInTime(ask, { signal: call.signal, depth }, timeout);
    const steps: Steps = plan(dispatch);
    const release = this.#holdAll(dispatch);
    try {
      let step = steps.next();
      while (!step.done) {
        call.signal.throwIfAborted();
        step = steps.next(await unlessAborted(Promise.all(step.value.map(wait)), call.signal));
      }
      return step.value;
    } finally {
      release();
      call.release();
    }
  }

  /** Whoever is replaced during a call is still called in it. */
  #holdAll({ targets }: Dispatch): () => void {
    const releases = targets.map(({ provider }) => this.#hold(provider));
    return () => {
      for (const release of releases) release();
    };
  }

  #reply(ask: Ask, context: CallContext): Reply {
    const { target } = ask;
    try {
      const value = this.#run(ask, context);
      if (!isPromise(value)) return { target, ok: true, value };
      // Nobody waits for it, so its failure has nobody else to go to.
      value.then(nothing, nothing);
      return { target, ok: false, error: new InputError('It answered a promise, and the hook is synchronous') };
    } catch (error) {
      return { target, ok: false, error };
    }
  }

  async #replyInTime(ask: Ask, context: CallContext, timeout: number | undefined): Promise<Reply> {
    const { target } = ask;
    const release = this.#hold(target.provider);
    const limited = timeout === undefined ? undefined : childController(context.signal);
    const signal = limited?.signal ?? context.signal;
    const answer = (async () => this.#run(ask, { ...context, signal }))();
    // Also when nobody waits for it any more.
    answer.then(release, release);
    const timer = childController(context.signal);
    try {
      const late = timeout === undefined ? [] : [this.#late(timeout, timer.signal)];
      return { target, ok: true, value: await Promise.race([answer, ...late]) };
    } catch (error) {
      limited?.abort(error);
      return { target, ok: false, error };
    } finally {
      timer.abort();
      timer.release();
      limited?.release();
    }
  }

  async #late(timeout: number, signal: AbortSignal): Promise<never> {
    await this.#platform.sleep(timeout, signal);
    throw new CouchtideError(`It took longer than ${timeout} ms`);
  }

  #run({ target, args }: Ask, context: CallContext): unknown {
    const outer = this.#depth;
    this.#depth = context.depth;
    try {
      return target.run.apply(target.provider, [...args, context]);
    } finally {
      this.#depth = outer;
    }
  }
}

function nothing(): void {}
