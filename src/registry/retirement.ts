import type { Platform } from '../core/platform.ts';

/** An object that wants to know when nobody uses it any more. */
export interface Disposable {
  dispose?(): unknown;
}

interface Use {
  /** Whose it was last. */
  plugin: string;
  registered: number;
  running: number;
}

/**
 * Knows which providers are in use, and disposes of those that have been replaced or taken away: when the calls that run in them have ended,
 * or a time of grace has passed.
 */
export class Retirement {
  readonly #uses = new Map<Disposable, Use>();
  readonly #platform: Pick<Platform, 'sleep'>;
  readonly #grace: number;
  readonly #ended: AbortSignal;
  readonly #failed: (plugin: string, error: unknown) => void;

  /**
   * @param grace milliseconds
   * @param ended aborts when nobody is waited for any more
   */
  constructor(
    platform: Pick<Platform, 'sleep'>,
    grace: number,
    ended: AbortSignal,
    failed: (plugin: string, error: unknown) => void,
  ) {
    this.#platform = platform;
    this.#grace = grace;
    this.#ended = ended;
    this.#failed = failed;
  }

  /** It is registered, once more perhaps. */
  engage(provider: Disposable, plugin: string): void {
    const use = this.#useOf(provider);
    use.registered += 1;
    use.plugin = plugin;
  }

  /** It is registered once less. */
  retire(provider: Disposable): void {
    const use = this.#useOf(provider);
    use.registered -= 1;
    this.#disposeUnused(provider, use);
    if (use.registered === 0 && use.running > 0) void this.#loseGrace(provider, use);
  }

  /** A call uses it, until what this returns is called. */
  hold(provider: Disposable): () => void {
    const use = this.#useOf(provider);
    use.running += 1;
    return () => {
      use.running -= 1;
      this.#disposeUnused(provider, use);
    };
  }

  #useOf(provider: Disposable): Use {
    const use = this.#uses.get(provider) ?? { plugin: '', registered: 0, running: 0 };
    this.#uses.set(provider, use);
    return use;
  }

  async #loseGrace(provider: Disposable, use: Use): Promise<void> {
    try {
      await this.#platform.sleep(this.#grace, this.#ended);
    } catch {
      // Nobody is waited for any more.
    }
    if (use.registered === 0) this.#dispose(provider, use);
  }

  #disposeUnused(provider: Disposable, use: Use): void {
    if (use.registered === 0 && use.running === 0) this.#dispose(provider, use);
  }

  #dispose(provider: Disposable, use: Use): void {
    // Once: what is disposed of has no use any more, and what is registered again has another one.
    if (this.#uses.get(provider) !== use) return;
    this.#uses.delete(provider);
    try {
      Promise.resolve(provider.dispose?.()).catch((error: unknown) => this.#failed(use.plugin, error));
    } catch (error) {
      this.#failed(use.plugin, error);
    }
  }
}
