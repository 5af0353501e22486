import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrowserContext } from 'playwright';
import { type BrowserName, type Extras, launchIn } from './browsers.ts';
import { type BrowserProcess, killAll, processesWith } from './processes.ts';

/** A browser of its own that may be killed, and what it keeps. */
export class Profile {
  readonly #name: BrowserName;
  readonly directory: string;
  readonly #extras: Extras | undefined;
  #context: BrowserContext | undefined;
  #isClosed: Promise<unknown> | undefined;

  private constructor(name: BrowserName, directory: string, extras: Extras | undefined) {
    this.#name = name;
    this.directory = directory;
    this.#extras = extras;
  }

  /** Makes one that keeps nothing yet, runs something with it, and removes it. */
  static async use<R>(name: BrowserName, run: (profile: Profile) => Promise<R>, extras?: Extras): Promise<R> {
    const profile = new Profile(name, await mkdtemp(join(tmpdir(), 'couchtide-profile-')), extras);
    try {
      return await run(profile);
    } finally {
      await profile.kill();
      await rm(profile.directory, { recursive: true, force: true, maxRetries: 5 });
    }
  }

  /** Starts the browser, with what it kept before. */
  async open(): Promise<BrowserContext> {
    this.#context = await launchIn(this.#name, this.directory, this.#extras);
    // Heard from the beginning, as a browser may end by itself.
    this.#isClosed = this.#context.waitForEvent('close', { timeout: 0 });
    return this.#context;
  }

  processes(): Promise<BrowserProcess[]> {
    return processesWith(this.directory);
  }

  /** Kills the browser, all of its processes at once. */
  async kill(): Promise<void> {
    const context = this.#context;
    this.#context = undefined;
    for (let left = await this.processes(); left.length > 0; left = await this.processes()) killAll(left);
    await this.#isClosed;
    await context?.close();
  }
}
