import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium } from 'playwright';
import { type BrowserName, commandOf, type Extras, launchIn } from './browsers.ts';
import { type BrowserProcess, killAll, processesWith } from './processes.ts';
import { eventually } from './tab.ts';

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
    return this.#keep(await launchIn(this.#name, this.directory, this.#extras));
  }

  /** Starts Chromium as a person does, whose pages can be hidden: those of `open` are made to believe that they are always in front. */
  async openPlain(): Promise<BrowserContext> {
    const [program, given] = commandOf('chromium', this.directory, 'about:blank');
    spawn(program, ['--remote-debugging-port=0', ...given], { stdio: 'ignore' });
    const address = (): Promise<string> => readFile(join(this.directory, 'DevToolsActivePort'), 'utf8').catch(() => '');
    const [port] = (await eventually(address, (lines) => lines.includes('\n'))).split('\n');
    const browser = await chromium.connectOverCDP(`http://127.0.0.1:${port}`, { noDefaults: true });
    const [context] = browser.contexts();
    if (context === undefined) throw new Error('The browser has no context');
    return this.#keep(context);
  }

  #keep(context: BrowserContext): BrowserContext {
    this.#context = context;
    // Heard from the beginning, as a browser may end by itself.
    this.#isClosed = context.waitForEvent('close', { timeout: 0 });
    return context;
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
