import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrowserContext } from 'playwright';
import { type BrowserName, launchIn } from './browsers.ts';
import { type BrowserProcess, killAll, processesWith } from './processes.ts';

/** A browser of its own that may be killed, and what it keeps. */
export class Profile {
  readonly #name: BrowserName;
  readonly directory: string;
  #context: BrowserContext | undefined;

  private constructor(name: BrowserName, directory: string) {
    this.#name = name;
    this.directory = directory;
  }

  /** Makes one that keeps nothing yet, runs something with it, and removes it. */
  static async use<R>(name: BrowserName, run: (profile: Profile) => Promise<R>): Promise<R> {
    const profile = new Profile(name, await mkdtemp(join(tmpdir(), 'couchtide-profile-')));
    try {
      return await run(profile);
    } finally {
      await profile.kill();
      await rm(profile.directory, { recursive: true, force: true, maxRetries: 5 });
    }
  }

  /** Starts the browser, with what it kept before. */
  async open(): Promise<BrowserContext> {
    this.#context = await launchIn(this.#name, this.directory);
    return this.#context;
  }

  processes(): Promise<BrowserProcess[]> {
    return processesWith(this.directory);
  }

  /** Kills the browser, all of its processes at once. */
  async kill(): Promise<void> {
    const context = this.#context;
    this.#context = undefined;
    const isClosed = context?.waitForEvent('close');
    for (let left = await this.processes(); left.length > 0; left = await this.processes()) killAll(left);
    await isClosed;
    await context?.close();
  }
}
