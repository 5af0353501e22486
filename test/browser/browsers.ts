import { existsSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { type Browser, type BrowserContext, chromium, firefox, type LaunchOptions } from 'playwright';

/** The browsers that tests run in. */
export const browserNames = ['chromium', 'firefox'] as const;

/** One of them. */
export type BrowserName = (typeof browserNames)[number];

/** Where Debian installs them; elsewhere the environment says. */
const PLACES: Readonly<Record<BrowserName, readonly string[]>> = {
  chromium: [process.env['CHROMIUM'] ?? '', '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'],
  firefox: [process.env['FIREFOX'] ?? '', '/usr/bin/firefox-esr', '/usr/bin/firefox'],
};

/** The program of a browser; undefined where it is not installed. */
export function placeOf(name: BrowserName): string | undefined {
  return PLACES[name].find((place) => place !== '' && existsSync(place));
}

/** Chromium without a sandbox, as test machines run as root, and without calls home. */
const CHROMIUM_ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** What a browser is told beside the usual. */
export interface Extras {
  readonly chromiumArguments?: readonly string[];
  readonly firefoxPreferences?: Readonly<Record<string, string | number | boolean>>;
}

/** Has each tab in a process of its own, which is begun for that tab. */
export const TABS_APART: Extras = {
  chromiumArguments: ['--disable-features=SpareRendererForSitePerProcess'],
  firefoxPreferences: { 'dom.ipc.processCount.webIsolated': 100, 'dom.ipc.processPrelaunch.enabled': false },
};

/**
 * Starts a browser without a window, which forgets everything in the end.
 *
 * @throws Error where it is not installed
 */
export async function launch(name: BrowserName): Promise<Browser> {
  return name === 'chromium' ? chromium.launch(optionsOf(name)) : firefox.launch(optionsOf(name));
}

/**
 * Starts a browser without a window that keeps in a directory what its sites store.
 *
 * @throws Error where it is not installed
 */
export async function launchIn(name: BrowserName, directory: string, extras: Extras = {}): Promise<BrowserContext> {
  return name === 'chromium'
    ? chromium.launchPersistentContext(directory, optionsOf(name, extras))
    : firefox.launchPersistentContext(directory, optionsOf(name, extras));
}

/**
 * The command that opens a page in a browser without a window, which keeps in a directory what its sites store.
 *
 * @throws Error where it is not installed
 */
export function commandOf(name: BrowserName, directory: string, url: string): readonly [string, readonly string[]] {
  const program = installed(name);
  return name === 'chromium'
    ? [
        program,
        [...CHROMIUM_ARGUMENTS, '--headless', '--no-default-browser-check', `--user-data-dir=${directory}`, url],
      ]
    : [program, ['--headless', '--no-remote', '--profile', directory, url]];
}

function optionsOf(name: BrowserName, { chromiumArguments = [], firefoxPreferences = {} }: Extras = {}): LaunchOptions {
  const program = installed(name);
  return name === 'chromium'
    ? { executablePath: program, args: [...CHROMIUM_ARGUMENTS, ...chromiumArguments] }
    : {
        executablePath: fileURLToPath(new URL('./firefox-to-survive.sh', import.meta.url)),
        env: { ...process.env, FIREFOX: program },
        channel: 'moz-firefox',
        firefoxUserPrefs: { ...firefoxPreferences },
      };
}

function installed(name: BrowserName): string {
  const program = placeOf(name);
  if (program === undefined) throw new Error(`${name} is not installed: name its program in ${name.toUpperCase()}`);
  return program;
}
