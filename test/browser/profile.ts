import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrowserContext, Page } from 'playwright';
import { type BrowserName, launchIn } from './browsers.ts';
import { type BrowserProcess, killAll, processesWith } from './processes.ts';

/** Milliseconds that a page computes to be known by it: more than all others do meanwhile. */
const WORK = 300;

/** A browser of its own, of which one process after the other may be killed, and what it keeps. */
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

  /** The process that a page runs in: the one that works while it is made to. */
  async processOf(page: Page): Promise<BrowserProcess> {
    const before = new Map((await this.processes()).map(({ pid, ticks }) => [pid, ticks]));
    await page.evaluate((ms) => {
      const end = performance.now() + ms;
      while (performance.now() < end);
    }, WORK);
    const worked = ({ pid, ticks }: BrowserProcess): number => ticks - (before.get(pid) ?? 0);
    const [busiest] = (await this.processes()).sort((a, b) => worked(b) - worked(a));
    if (busiest === undefined) throw new Error('The browser is not there');
    return busiest;
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
